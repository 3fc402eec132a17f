"""Abbreviations that end in a dot, and words that begin a sentence, for cutting texts into sentences.

The language of a text is not known when it is cut. So an abbreviation that is a word of its own in one of the
languages, such as the German "so." for Sunday, is left out or counts only in front of a number.
"""

from __future__ import annotations

import re

from ..patterns import Pattern

# Never the end of a sentence. Most with inner dots or spaces ("z. B.", "p.ej.") need no entry.
_ALWAYS = {
    "English": "e.g i.e mr mrs ms mx dr prof vs approx dept cf viz messrs mt govt natl intl",
    "German": """bzw vgl evtl ggf inkl exkl bspw sog zzgl abzgl allg gegr dipl-ing dipl med phil nat jur abt
        ehem kath evang einschl entspr zz uä hr fr hrsg jhd mio mrd gestützt""",
    "Spanish": """sr sra srta srs sres sras dña uds vds ud vd pág págs núm telf avda dpto gral
        lic arq aprox dcha admón cía excmo ilmo dra dras profa""",
    "French": "av mme mmes mlle mlles mgr env éd boul tél hab réf c-à-d",
    "Italian": "sig sigg sig.ra sig.na sig.re dott dott.ssa prof.ssa avv geom egr gent spett",
    "Portuguese": "exmo exma profa dra pág ltda cia eng engo",
    "Dutch": "bijv dhr mevr mw mej drs blz incl excl m.b.t ongev",
    "Scandinavian": "dvs ekskl resp jf evt forts ca pga",
    "Polish": "np tzn tj ul hab inż św płk godz dyw wlkp",
    "Czech and Slovak": "např napr tzv mudr judr phdr paeddr nám",
    "Russian and Ukrainian": """гг ул стр см напр тыс млн млрд им
        проф акад кв корп обл тел рис вул див тис д-р г-н г-жа""",
    "Turkish": "örn doç sok cad mah yrd",
    "Hungarian": "ifj özv ún",
    "Romanian": "dl dna d-na d-l",
    "Greek": "κα δηλ τηλ",
    "Finnish": "esim puh",
    "Indonesian": "jl bpk sdr yth tgl hlm",
}  # fmt: skip
# Not the end in front of a number: "No. 5", "Apt. 4", "Jan. 6", "ca. 20".
_BEFORE_NUMBER = {
    "English": """no nos nr apt ste p pp fig figs art arts vol vols ch chap sec sect ext par para ver rev est
        tel c ca max min jan feb mar apr jun jul aug sep sept oct nov dec rm bldg fl ln rte hwy""",
    "German": "str abs bd kap nr tel s jan febr märz okt dez art hausnr tgl",
    "Romance": """cap ap apto depto av n n\u00b0 nº no nro esq ene abr ago set out dic dez janv févr avr
        juil sept déc genn febbr giu lug ott dr piso int""",
    "others": "kl klo sz č poz ok m lok dom pok rozdz д кв \u2116 αρ bl jl",
}  # fmt: skip
# In front of a name: "St. Ives", "Gen. Lee", "Jr. Miller", "Fri. Bob". Written in lower case they are words.
_BEFORE_NAME = """
st ste gen col lt sgt rev capt cpt cmdr maj adm sen gov pres rep hon fr br sr jr bro ave blvd rd ln hwy pl sq
mon tue tues wed thu thur thurs fri sat sun jan feb mar apr jun jul aug sep sept oct nov dec ing mag arch on
dir sec str bd dott doc mgr bc lic san sta sto
"""
# At the end of a sentence unless a lower-case letter follows.
_PERHAPS = """
etc inc ltd co corp llc plc a.m p.m am pm usw usf etc. ecc enz osv itd itp atd apod stb jne yms vb m.m mv dll
dsb dst gmbh s.a s.l s.r.l n.v b.v др пр т.д т.п руб ін κλπ κτλ al uhr
"""
# Words that begin a sentence and are no name, so that "in the U.S. How ..." ends and "U.S. Army" does not.
_STARTERS = """
i i'm i've i'd i'll he she it it's we we're they you the a an this that these those there here my our his her
their your but and so then also however what when where who why how if is are do does did not no yes please
because after before since while thanks ok okay last next now today tomorrow yesterday
ich er sie es wir ihr der die das ein eine mein meine unser unsere und aber dann auch jetzt da wenn was wie wo
wer heute morgen gestern
leider außerdem danach seitdem deshalb dort hier
je j'ai il elle on nous vous ils elles le la les un une mon ma mes notre et mais puis alors c'est
yo él ella nosotros ellos el los las una mi mis me se tengo vivo trabajo soy estoy y pero
 también ahora luego
io lui lei noi loro il lo gli un' mio mia ma poi anche adesso sono ho
eu ele ela nós eles o os as um uma meu minha e mas também agora depois tenho sou moro
ik hij zij wij het een mijn maar dan ook nu
jag han hon vi de den det min mitt mina och men sen jeg hun og
ja on ona my ale i potem też
я он она мы они это мой моя мои но и а потом у
ben o biz ve ama
"""


def _words(*lists: str) -> frozenset[str]:
    return frozenset(word for each in lists for word in each.split())


_ALWAYS_WORDS = _words(*_ALWAYS.values())
_NUMBER_WORDS = _words(*_BEFORE_NUMBER.values())
_NAME_WORDS = _words(_BEFORE_NAME)
_PERHAPS_WORDS = _words(_PERHAPS)
_STARTER_WORDS = _words(_STARTERS)

# The longest token in front of a dot that is looked at, with room for the token before it.
WINDOW = 24
_TOKEN = Pattern(r"(?:(?<=[\s(\"'\u201e\u201c\u00ab/])|\A)[^\W_](?:[\w'\u2019\u00b0º-]|\.(?=\w))*\.\Z")
# "t.ex", "p.ej", "U.S".
_PIECES = Pattern(r"[^\W\d_](?:\.[^\W\d_])*|[^\W\d_]{1,3}(?:\.[^\W\d_]{1,3})+")
_AFTER_INITIAL = Pattern(r"(?:^|[\s(])[^\W\d_]\.\s?\Z")
_ORDINAL = Pattern(r"\d{1,3}\.\Z")
_NEXT = Pattern(r"[\s\"'(\u201e\u201c\u00ab\u00bf\u00a1]*([^\W_][\w'\u2019]*)?")
# "der 2. Weltkrieg": German capitalizes what an ordinal belongs to.
_DETERMINER = Pattern(
    r"\b(?:d(?:er|ie|as|en|em|es)|am|im|zum|zur|vom|beim|ab|bis|seit|vor|nach|mein\w*|dein\w*|sein\w*|ihr\w*"
    r"|unser\w*|eur\w+|kein\w*|jede\w*|diese\w*|\w+tag|mittwoch)\s+\Z",
    re.IGNORECASE,
)
_MONTHS = Pattern(
    r"(?:jan|feb|fév|mär|mar|maa|apr|avr|abr|mai|may|maj|mei|mag|máj|jun|jui|giu|jul|lug|aug|ago|aoû|sep"
    r"|set|okt|oct|ott|out|nov|dez|dec|déc|dic|des|tammi|helmi|oca|şub|nis|haz|tem|ağu|eyl|eki|kas|ara"
    r"|янв|фев|мар|апр|мая|июн|июл|авг|сен|окт|ноя|дек)",
    re.IGNORECASE,
)


def begins_date(text: str, start: int) -> bool:
    """Return whether the word at or after an offset is a month: "3. Mai" is a date and no item of a list."""
    following = _NEXT.match(text, start)
    return following is not None and following[1] is not None and bool(_MONTHS.match(following[1]))


def dot_ends(before: str, line: str, after: int) -> bool:
    """Return whether a single dot ends a sentence.

    Args:
        before: up to `WINDOW` characters of the sentence, with the dot as its last one.
        line: the whole line.
        after: offset in the line of what follows the dot and closing marks.
    """
    match = _NEXT.match(line, after)
    following = (match[1] if match else None) or ""
    if not following:
        return True
    starts = following[0].isupper() and following.replace("\u2019", "'").lower() in _STARTER_WORDS
    if _ORDINAL.search(before):
        return _ordinal_ends(before, following, starts)
    token = _TOKEN.search(before)
    if token is None:
        return True
    word = token[0][:-1]
    head = before[: token.start()]
    # "z. B.", "p. ej.", "J. R. R.": what follows an initial is mostly one more piece of it.
    if len(word) <= 3 and _AFTER_INITIAL.search(head):
        return starts
    return _word_ends(word, following, starts)


def _ordinal_ends(before: str, following: str, starts: bool) -> bool:
    """Return whether "3." ends a sentence: not in "am 3. Mai", "im 2. Stock" or "2. etage"."""
    if following[0].islower() or _MONTHS.match(following):
        # "i am 36. i live here" is no ordinal.
        return following.lower() in _STARTER_WORDS and not _MONTHS.match(following)
    head = before[: before.rindex(".")].rstrip("0123456789")
    return starts or _DETERMINER.search(head) is None


def _word_ends(word: str, following: str, starts: bool) -> bool:
    """Return whether a word with a dot ends a sentence; ``starts``: the next word begins sentences."""
    lower = word.lower()
    if lower in _ALWAYS_WORDS or (lower in _NUMBER_WORDS and following[0].isdigit()):
        return False
    if lower in _PERHAPS_WORDS:
        return not following[0].islower()
    if lower in _NAME_WORDS and word[0].isupper():
        return starts
    # Initials and "U.S."; but the pronoun "I", and "я" in Russian, end sentences.
    if _PIECES.fullmatch(word) and lower not in ("i", "я"):
        return starts
    return True

"""Claims in German statements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...patterns import Pattern
from ..sentences import phrases
from . import places, values
from .claim import SELF, Claim, Clauses, Rule
from .grammar import Grammar, compiled, habit, is_capitalized_name, judged_alike

_RELATIONS = {
    "schwester": "sister", "bruder": "brother", "mutter": "mother", "mama": "mother", "vater": "father",
    "papa": "father",
    "frau": "wife", "mann": "husband", "freundin": "girlfriend", "freund": "boyfriend", "tochter": "daughter",
    "sohn": "son",
    "eltern": "parents", "chef": "boss", "chefin": "boss", "kollege": "colleague", "kollegin": "colleague",
    "oma": "grandmother",
    "opa": "grandfather", "tante": "aunt", "onkel": "uncle", "cousin": "cousin", "cousine": "cousin",
    "mitbewohner": "roommate",
    "mitbewohnerin": "roommate", "nachbar": "neighbour", "nachbarin": "neighbour", "hund": "dog",
    "katze": "cat", "partner": "partner",
    "partnerin": "partner", "verlobte": "fiance", "verlobter": "fiance", "nichte": "niece", "neffe": "nephew",
}  # fmt: skip
_KIN = "|".join(sorted(_RELATIONS, key=len, reverse=True))
_PARTS = {
    "WHO": (
        rf"(?P<who>ich|wir|mein(?:e)? (?:(?:kleine|gro\u00dfe|\u00e4ltere|j\u00fcngere"
        rf"|beste)[rsn]? )?(?:{_KIN})(?: (?-i:[A-Z\u00c4\u00d6\u00dc])\w+)?|(?!(?-i:Der|Die"
        rf"|Das|Mein|Meine|Es|Sie|Er|Man|Unser|Unsere|Ihr|Wer|Was"
        rf"|Wo)\b)(?-i:[A-Z\u00c4\u00d6\u00dc])\w+) "
    ),
    "A": r"(?:(?!nicht\b|kein\w*\b|auch\b|nie\b|in\b|bei\b)[\w.\u00e4\u00f6\u00fc\u00df]+ ){0,4}?",
    "V": r"(?P<value>\S.*)",
    "LIVE": r"(?:wohn|leb)(?:e|t|en)",
    "WORK": r"(?:arbeit|arbeite)(?:e|et|t|en)?",
}
_RULES = compiled(
    (
        Rule("home", r"<WHO><LIVE> <A>in <V>", kind="place"),
        Rule(
            "home",
            (
                r"<WHO>(?:bin|ist|sind) <A>(?:von (?P<former>\S+) )?nach (?P<value>\S.*?) "
                r"(?:gezogen|umgezogen|\u00fcbergesiedelt|ausgewandert)"
            ),
            marked=True,
            kind="place",
        ),
        Rule(
            "home",
            r"<WHO>(?:bin|ist|sind) <A>in (?P<value>die \S.*?) (?:gezogen|umgezogen)",
            marked=True,
            kind="place",
        ),
        Rule("home", r"<WHO>zog(?:en)? <A>nach <V>", marked=True, kind="place"),
        Rule("home", r"<WHO><LIVE> (?:jetzt )?nicht mehr in <V>", ends=True, marked=True, kind="place"),
        Rule(
            "home",
            (
                r"<WHO>(?:habe|hat|haben) (?:fr\u00fcher|mal|einmal|damals) (?:\w+ )?in "
                r"(?P<value>\S.*?) (?:gewohnt|gelebt)"
            ),
            ends=True,
            kind="place",
        ),
        Rule("home", r"<WHO>(?:wohnte|lebte)n? (?:fr\u00fcher|damals|mal) in <V>", ends=True, kind="place"),
        Rule(
            "home",
            r"<WHO>(?:bin|ist|sind) <A>aus (?P<value>\S.*?) weggezogen",
            ends=True,
            marked=True,
            kind="place",
        ),
        Rule("employer", r"<WHO><WORK> <A>(?:bei|f\u00fcr) (?P<value>\S.*)", kind="firm"),
        Rule(
            "employer",
            r"<WHO>(?:bin|ist) <A>bei (?P<value>\S.*?) (?:angestellt|besch\u00e4ftigt)",
            kind="firm",
        ),
        Rule(
            "employer",
            r"<WHO>(?:habe|hat) <A>bei (?P<value>\S.*?) (?:angefangen|begonnen)(?: zu arbeiten)?",
            marked=True,
            kind="firm",
        ),
        Rule(
            "employer",
            r"<WHO>(?:bin|ist) <A>(?:von (?P<former>\S+) )?zu (?P<value>\S.*?) gewechselt",
            marked=True,
            kind="firm",
        ),
        Rule(
            "employer",
            r"<WHO><WORK> (?:jetzt )?nicht mehr (?:bei|f\u00fcr) <V>",
            ends=True,
            marked=True,
            kind="firm",
        ),
        Rule("employer", r"<WHO>(?:bin|ist) nicht mehr bei <V>", ends=True, marked=True, kind="firm"),
        Rule(
            "employer",
            r"<WHO>(?:habe|hat) (?:fr\u00fcher|mal|damals) (?:bei|f\u00fcr) (?P<value>\S.*?) gearbeitet",
            ends=True,
            kind="firm",
        ),
        Rule(
            "employer",
            r"<WHO>(?:habe|hat) <A>bei (?P<value>\S.*?) (?:gek\u00fcndigt|aufgeh\u00f6rt)",
            ends=True,
            marked=True,
            kind="firm",
        ),
        Rule(
            "employer",
            (
                r"<WHO>(?:habe|hat) <A>(?:(?:meinen|meine|seinen|ihren|den) (?:job|stelle|arbeit) "
                r")?(?:gek\u00fcndigt|verloren|aufgegeben|geschmissen)"
            ),
            ends=True,
            marked=True,
            kind="left",
        ),
        Rule(
            "employer",
            (
                r"<WHO>(?:bin|ist|wurde) <A>(?:arbeitslos|in rente|entlassen(?: worden)?"
                r"|gek\u00fcndigt worden|pensioniert)"
            ),
            ends=True,
            marked=True,
        ),
        Rule("job", r"<WHO><WORK> <A>als (?P<value>\S.*)", marked=True, kind="job"),
        Rule("job", r"<WHO>(?:bin|ist) <A>(?P<value>\w+) geworden", marked=True, kind="trade"),
        Rule("job", r"<WHO>(?:bin|ist) <A>(?:eine? )?(?P<value>\w+)(?: von beruf)?", kind="trade"),
        Rule("name", r"<WHO>hei\u00df(?:e|t) (?:(?:jetzt|nun|seit \w+|eigentlich) )*<V>", kind="name"),
        Rule("name", r"mein (?:neuer )?name (?:ist|lautet) (?:jetzt )?<V>", kind="name"),
        Rule("age", r"<WHO>(?:bin|ist) <A>(?P<value>\d{1,3})(?: jahre(?: alt)?)?", kind="age"),
        Rule(
            "age", r"<WHO>(?:bin|ist) <A>(?P<value>\d{1,3}) (?:jahre alt )?geworden", marked=True, kind="age"
        ),
        Rule(
            "partner",
            (
                r"meine? (?:neue[rs]? )?(?:frau|mann|freundin|freund|partner|partnerin"
                r"|verlobte[r]?) hei\u00dft (?:jetzt )?<V>"
            ),
            kind="name",
        ),
        Rule(
            "partner", r"<WHO>bin <A>mit (?P<value>\S+) (?:zusammen|verheiratet|verlobt|liiert)", kind="name"
        ),
        Rule("partner", r"wir haben uns <A>(?:getrennt|scheiden lassen)", ends=True, marked=True),
        Rule(
            "partner",
            (
                r"(?:(?-i:[A-Z\u00c4\u00d6\u00dc])\w+|meine? \w+) und ich (?:haben uns|sind) "
                r"<A>(?:getrennt|geschieden|nicht mehr zusammen)"
            ),
            ends=True,
            marked=True,
        ),
        Rule(
            "partner",
            r"ich habe mich <A>von (?P<value>\S+) (?:getrennt|scheiden lassen)",
            ends=True,
            marked=True,
            kind="name",
        ),
        Rule("partner", r"ich bin <A>(?:single|geschieden|verwitwet)", ends=True, marked=True),
        Rule(
            "partner", r"ich bin nicht mehr mit (?P<value>\S+) zusammen", ends=True, marked=True, kind="name"
        ),
        Rule(
            "status", r"ich bin <A>(?P<value>single|ledig|verheiratet|verlobt|geschieden|verwitwet|vergeben)"
        ),
        Rule("status", r"(?:ich habe|wir haben) <A>(?P<value>geheiratet)", marked=True),
        Rule("status", r"wir haben uns <A>(?P<value>verlobt|getrennt)", marked=True),
        Rule(
            "{}",
            (
                r"meine? (?:neue[rs]? |aktuelle[rs]? )?(?P<what>lieblings\w+) (?:ist|sind"
                r"|hei\u00dft) (?:(?:jetzt|nun|inzwischen|aktuell|momentan|mittlerweile|seit \w+) "
                r")*<V>"
            ),
            kind="favourite",
        ),
        Rule(
            "{}",
            r"meine? (?P<what>lieblings\w+) ist nicht mehr <V>",
            ends=True,
            marked=True,
            kind="favourite",
        ),
        Rule(
            "{}", r"meine? (?P<what>lieblings\w+) war (?:fr\u00fcher |mal )?<V>", ends=True, kind="favourite"
        ),
        Rule(
            "{}",
            (
                r"(?P<value>(?-i:[A-Z\u00c4\u00d6\u00dc]).{1,40}?) ist (?:jetzt |nun )?meine? "
                r"(?:neue[rs]? )?(?P<what>lieblings\w+)"
            ),
            kind="favourite",
        ),
        Rule(
            "{}",
            (
                r"meine? (?:neue[rs]? |aktuelle[rs]? )?(?P<what>(?:private |gesch\u00e4ftliche "
                r"|dienstliche )?(?:telefonnummer|handynummer|nummer|mobilnummer|festnetznummer"
                r"|diensthandynummer|b\u00fcronummer|e-?mail(?:-adresse|adresse)?|adresse|anschrift"
                r"|postleitzahl)) (?:ist|lautet|hat sich ge\u00e4ndert auf) (?:jetzt |nun )?<V>"
            ),
            kind="number",
        ),
        Rule(
            "{}",
            (
                r"meine? (?:neue[rs]? )?(?P<what>zahnarzt|zahn\u00e4rztin|hausarzt|haus\u00e4rztin"
                r"|chefin|chef|vermieter|vermieterin|trainer|trainerin|therapeutin|therapeut) "
                r"(?:ist|hei\u00dft) (?:jetzt |nun )?<V>"
            ),
            kind="name",
        ),
        Rule(
            "{} port",
            (
                r"(?:der|die|das|unser|unsere) (?P<what>\S+) (?:l\u00e4uft|lauscht|h\u00f6rt) "
                r"(?:jetzt |nun )?auf port (?P<value>\d+)"
            ),
        ),
        Rule(
            "{}",
            (
                r"(?:der|die|das|unser|unsere) (?P<what>abgabetermin|deadline|frist|termin|release"
                r"|branch|hauptbranch|port|server|version|passwort|wlan-passwort|budget) (?:ist"
                r"|lautet|liegt|hei\u00dft) (?:jetzt |nun )?(?:am |auf |bei )?<V>"
            ),
            kind="setting",
        ),
        Rule(
            "{}",
            (
                r"(?:der|die|das|unser|unsere) (?P<what>abgabetermin|deadline|frist|termin|release) "
                r"(?:wurde|ist) (?:vom (?P<former>.+?) )?auf (?P<value>.+?) (?:verschoben|verlegt"
                r"|gelegt)(?: worden)?"
            ),
            marked=True,
            kind="setting",
        ),
    ),
    **_PARTS,
)
_NAMES = {
    "lieblingsessen": "favourite food", "lieblingsspeise": "favourite food",
    "lieblingsgericht": "favourite food", "lieblingsfarbe": "favourite colour",
    "lieblingsfilm": "favourite film", "lieblingsbuch": "favourite book", "lieblingsband": "favourite band",
    "lieblingssport": "favourite sport",
    "lieblingsserie": "favourite series", "lieblingsgetr\u00e4nk": "favourite drink",
    "lieblingslied": "favourite song",
    "telefonnummer": "phone", "handynummer": "phone", "nummer": "phone", "mobilnummer": "phone",
    "festnetznummer": "phone landline",
    "diensthandynummer": "phone work", "b\u00fcronummer": "phone work", "e-mail": "email", "email": "email",
    "e-mail-adresse": "email",
    "emailadresse": "email", "private telefonnummer": "phone private",
    "gesch\u00e4ftliche telefonnummer": "phone work", "dienstliche telefonnummer": "phone work",
    "private e-mail": "email private", "adresse": "address", "anschrift": "address", "zahnarzt": "dentist",
    "zahn\u00e4rztin": "dentist", "hausarzt": "doctor",
    "haus\u00e4rztin": "doctor", "chef": "boss", "chefin": "boss",
}  # fmt: skip
_TRADE = Pattern(
    (
        r"(?:\w*(?:lehrer|arzt|\u00e4rztin|ingenieur|entwickler|pfleger|anwalt"
        r"|anw\u00e4ltin|verk\u00e4ufer|k\u00f6chin|koch|b\u00e4cker|schreiner|elektriker"
        r"|berater"
        r"|designer|manager|leiter|student|fahrer|krankenschwester|journalist|architekt"
        r"|informatiker|programmierer|buchhalter|rentner|freiberufler"
        r"|polizist|mechaniker|friseur|k\u00fcnstler|autor|professor|physiker|chemiker"
        r"|biologe|biologin)(?:in)?)$"
    ),
    re.IGNORECASE,
)
_FRONTED = Pattern(
    (
        r"^(?P<lead>[^,]{2,45}?) (?P<verb>wohne|wohnt|wohnen|lebe|lebt|leben|arbeite"
        r"|arbeitet|bin|ist|sind|habe|haben|hei\u00dfe|trinke|esse|rauche|spiele|fahre"
        r"|nutze|trage) (?P<who>ich|wir|mein(?:e)? \w+) (?P<rest>.+)$"
    ),
    re.IGNORECASE,
)
_ADVERBS = (
    r"(?:(?:jetzt|nun|inzwischen|mittlerweile|gern|gerne|oft|immer|t\u00e4glich|jeden "
    r"\w+|seit \w+(?: \w+)?|im moment|aktuell|wieder|viel|leider|eigentlich|noch"
    r"|regelm\u00e4\u00dfig|total|sehr) )*"
)
_GONE = (
    Pattern(
        (
            rf"(?:ich|wir) (?P<verb>\w+)e {_ADVERBS}(?:(?P<thing>[\w\u00e4\u00f6\u00fc\u00df-]+(?"
            rf": [\w-]+)?) )?nicht mehr$"
        ),
        re.IGNORECASE,
    ),
    Pattern(rf"(?:ich|wir) (?P<verb>\w+)e {_ADVERBS}kein(?:e|en)? (?P<thing>\S+) mehr$", re.IGNORECASE),
    Pattern(rf"(?:ich|wir) (?P<verb>\w+)e {_ADVERBS}kein(?:e|en)? (?P<thing>\S+)$", re.IGNORECASE),
)
_STOPPED = Pattern(
    (
        r"(?:ich|wir) (?:habe|haben) (?:[\w.]+ ){0,3}?(?:aufgeh\u00f6rt,? (?:(?P<thing>\w+) "
        r")?zu (?P<verb>\w+)en|mit dem (?P<noun>\w+)en aufgeh\u00f6rt)$"
    ),
    re.IGNORECASE,
)
_FORMER = Pattern(
    r"(?:ich|wir) (?:habe|haben) fr\u00fcher (?:viel |gern |gerne )?(?:(?P<thing>\w+) )?ge(?P<verb>\w+)t$",
    re.IGNORECASE,
)
_DOES = Pattern(
    (
        rf"(?:ich|wir) (?P<verb>rauch|trink|ess|spiel|fahr|nutz|trag|lern|mag|lieb|h\u00f6r"
        rf"|les|tanz|jogg|schwimm)e? ?{_ADVERBS}(?P<thing>[\w\u00e4\u00f6\u00fc\u00df-]+(?: "
        rf"[\w-]+)?)?(?: {_ADVERBS}.*)?$"
    ),
    re.IGNORECASE,
)
_HAVE = Pattern(
    (
        rf"(?:ich|wir) (?:habe|haben|besitze) {_ADVERBS}(?P<kind>eine?n?|keine?n?) "
        rf"(?P<thing>[\w-]+)(?P<more> mehr)?$"
    ),
    re.IGNORECASE,
)
_SOLD = Pattern(
    (
        r"(?:ich|wir) (?:habe|haben) (?:[\w.]+ ){0,3}?(?:mein|unser)(?:e|en)? "
        r"(?P<thing>[\w-]+) (?:[\w.]+ ){0,2}?(?:verkauft|weggegeben|abgegeben|verschenkt)$"
    ),
    re.IGNORECASE,
)
_BE = Pattern(
    (
        rf"(?:ich|wir) (?:bin|sind) {_ADVERBS}(?P<not>nicht mehr |keine? |nicht "
        rf")?(?P<thing>[\w\u00e4\u00f6\u00fc\u00df-]+(?: [\w-]+){{0,2}}?)(?P<more> mehr)?$"
    ),
    re.IGNORECASE,
)


def _habits(clause: str) -> Iterator[Claim]:
    clause = clause.strip(" .!")
    for pattern in _GONE:
        if match := pattern.match(clause):
            if match["verb"].lower() in ("hab", "besitz"):
                break
            yield _does(match["verb"], match["thing"], "-", marked=True)
            return
    if match := _STOPPED.match(clause):
        yield Claim(SELF, habit(match["verb"] or match["noun"], match["thing"]), "+", ends=True, marked=True)
    elif match := _FORMER.match(clause):
        yield Claim(SELF, habit(match["verb"], match["thing"]), "+", ends=True)
    elif match := _HAVE.match(clause):
        yield Claim(
            SELF, f"have {values.fold(match['thing'])}", "-" if match["kind"].lower().startswith("k") else "+"
        )
    elif match := _SOLD.match(clause):
        yield Claim(SELF, f"have {values.fold(match['thing'])}", "+", ends=True, marked=True)
    elif match := _BE.match(clause):
        negated = match["not"]
        yield Claim(
            SELF, f"be {values.fold(match['thing'])}", "-" if negated else "+", marked=bool(match["more"])
        )
    elif (match := _DOES.match(clause)) and "nicht" not in clause and "kein" not in clause:
        yield _does(match["verb"], match["thing"], "+")


def _does(verb: str, thing: str | None, sign: str, *, marked: bool = False) -> Claim:
    return Claim(SELF, habit(verb, thing), sign, marked=marked)


def _accepts(value: str, kind: str) -> bool:
    if (alike := judged_alike(value, kind)) is not None:
        return alike
    if kind == "place":
        core = re.sub(r"^(?:der N\u00e4he von |der |die |dem )", "", value)
        return places.is_known(places.canonical(value)) or (
            core[:1].isupper()
            and len(core.split()) < 5
            and not re.match(r"(?:einer?|einem|Frieden|Angst|Rente|\d)", value)
        )
    if kind == "firm":
        return value[:1].isupper() and not re.match(
            r"(?:Nacht|Tag|Regen|Spa\u00df|Geld|Kinder|Hause|Kunden|Freunden|Leute|Menschen)\b", value
        )
    if kind == "trade":
        return bool(_TRADE.match(value))
    if kind == "name":
        return is_capitalized_name(value)
    if kind == "setting":
        return (
            any(char.isdigit() for char in value)
            or value[:1].isupper()
            or value in ("main", "master", "develop", "dev")
        )
    return len(value.split()) < 8


_CHANGES = Pattern(
    (
        r"(?:jetzt|nun|seit|inzwischen|mittlerweile|leider|letzte\w*|gestern|heute|vor|endlich"
        r"|ab|neuerdings|momentan|aktuell|im"
        r" (?:januar|februar|m\u00e4rz|april|mai|juni|juli|august|september|oktober"
        r"|november|dezember))\b"
    ),
    re.IGNORECASE,
)


def _normalize(clause: str) -> str:
    match = _FRONTED.match(clause)
    # "Abends trinke ich keinen Kaffee mehr" ends no habit.
    if match and (_CHANGES.match(match["lead"]) or not re.search(r"\b(?:nicht|kein\w*)\b", clause)):
        return f"{match['who']} {match['verb']} {match['rest']}".strip(" .!")
    return clause.strip(" .!")


_GRAMMAR = Grammar(
    sentence=Pattern(
        r"(?<!\bDr)(?<!\bSt)(?<!\b\d)(?<!\b\d\d)[.!?]+[\"\u201c]?\s+|\s*[;\n]\s*|\s+[-\u2013\u2014]+\s+"
    ),
    cut=Pattern(
        (
            r",?\s+(?:und|aber|sondern|denn|weil|doch)\s+(?!ich (?:haben|sind)\b)(?=(?:ich|wir"
            r"|mein\w*|er|sie|es|der"
            r"|die|das|arbeite|wohne|lebe|habe|bin|trinke|jetzt)\b)|,\s+(?=(?:ich|wir|mein\w*"
            r"|er|sie|es|jetzt)\b)"
        ),
        re.IGNORECASE,
    ),
    opener=Pattern(
        (
            r"(?:(?P<turn>eigentlich|nein|n\u00f6|moment|korrektur|update|sorry"
            r"|tats\u00e4chlich|doch|quatsch|ach nein|stimmt nicht)|(?:ja|also|ach|oh|na ja"
            r"|naja|hallo|hi|hey|und|aber|\u00fcbrigens|gute nachrichten|neuigkeiten|ehrlich "
            r"gesagt|gut|ok|okay|leider|endlich|nur zur info|merk dir))[,:!.\u2013-]+\s*"
        ),
        re.IGNORECASE,
    ),
    unreal=phrases(
        r"""
        wenn | falls | w\u00fcrde\w* | w\u00e4re\w* | h\u00e4tte\w* | k\u00f6nnte\w* | sollte\w*
        | m\u00f6chte\w* | will | wollen | wollte\w* | vielleicht | vermutlich
        | wahrscheinlich | hoffe\w* | hoffentlich | plane\w* | geplant | \u00fcberlege\w* | tr\u00e4ume
        | angenommen | stell\w* dir vor | werde | wird | werden(?! zu)
        | bald | n\u00e4chste[nsr]? \w+ | morgen | demn\u00e4chst | sagt\w* | gesagt | meint\w*
        | angeblich | h\u00f6rte | geh\u00f6rt, dass | roman | im film | im spiel
        | figur | glaube | denke | fast | beinahe | als ob | bewerbe\w* | beworben | bewerbung | ziehe\w*
        | wechs(?:le|elt|eln) | k\u00fcndige
        """,
        before=r"\b",
    ),
    history=phrases(
        (
            r"als ich | als kind | w\u00e4hrend (?:des|meines|der) \w+ | damals, als | in "
            r"meiner (?:kindheit|jugend) | im studium"
        ),
        before=r"\b",
    ),
    beside=phrases(
        r"""
        auch | au\u00dferdem | zus\u00e4tzlich | nebenbei | nebenher | noch eine?n? | zweit\w*
        | weitere\w* | teilzeit | nebenjob | manchmal | vor\u00fcbergehend
        | f\u00fcr (?:ein|zwei|drei|\d+|ein paar|den|die|eine)
        (?:tage?|wochen?|monate?|nacht|n\u00e4chte|sommer|winter|woche|ferien) | im urlaub
        | gerade zu besuch | ferienwohnung
        | ferienhaus | am wochenende | beides? | sowohl | zu besuch | diese woche | unter der woche
        | ehrenamtlich | freiberuflich
        """,
        before=r"\b",
    ),
    mark=phrases(
        r"""
        jetzt | nun | inzwischen | mittlerweile | neuerdings
        | seit (?:gestern|letzte[rmn]?
        \w+|kurzem|heute|neuestem|januar|februar|m\u00e4rz|april|mai|juni|juli|august|september|oktober|november|dezember)
        | nicht mehr | mehr | gestern | letzte[rsnm]? \w+ | k\u00fcrzlich | gerade | neue[rsn]?
        | gewechselt | umgezogen | gezogen | wieder | heute
        | vor (?:kurzem|zwei wochen|einer woche|einem monat)
        """,
        before=r"\b",
    ),
    ago=Pattern(
        (
            r"\bvor (?:\d+|zwei|drei|vier|f\u00fcnf|sechs|sieben|acht|neun|zehn|vielen|einigen"
            r"|mehreren|ein paar) jahren\b"
        ),
        re.IGNORECASE,
    ),
    self_words=Pattern(r"ich|wir"),
    relations=_RELATIONS,
    rules=_RULES,
    end=Pattern(
        (
            r"(?:^|\s+)(?:mit|seit|f\u00fcr|weil|und|aber|jetzt|nun|in der n\u00e4he|als|wo|der"
            r"|die|das|nahe|bei|im|ab|wegen|statt|anstatt|zusammen|gezogen|umgezogen|mehr"
            r"|derzeit|momentan|aktuell|inzwischen|mittlerweile|geworden|vor|nach|seitdem"
            r"|wieder|und zwar|am|heute|gestern|letzte\w*|allein|alleine|zur|zum|angestellt"
            r"|in)\b|[,!:;](?=\s|$)|[.\s]*$"
        ),
        re.IGNORECASE,
    ),
    accepts=_accepts,
    names=_NAMES,
    habits=_habits,
    own_words=phrases("ich | mein\\w* | wir", before=r"\b"),
    verb=Pattern(r"\b(?:\w{3,}(?:e|st|t|en)|bin|ist|war|hat|habe)\b", re.IGNORECASE),
    normalize=_normalize,
)


def read(text: str) -> Clauses:
    """Return the claims of a text, clause by clause; see `english.read`."""
    return _GRAMMAR.read(text)

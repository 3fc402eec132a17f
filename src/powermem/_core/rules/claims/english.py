"""Claims in English statements.

A sentence is cut into clauses, and each clause into its subject and the rest, which the rules of the tables
match from its beginning to its end. So "I live in Toronto" is read, and "My character lives in Toronto",
"I wish I lived in Toronto" and "I told her that I live in Toronto" are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...patterns import Pattern
from ...text.stemming import stem
from ..sentences import phrases
from . import values
from .accepting import accepts
from .claim import PROJECT, SELF, Claim, Clauses, Rule, words
from .tools import is_tool, tool_class

_CONTRACTIONS = [
    (Pattern(pattern, re.IGNORECASE), full)
    for pattern, full in (
        (r"\b(i) ?'?m\b(?!\.)", r"\1 am"),
        (r"\b(i|we|they|you)'ve\b", r"\1 have"),
        (r"\bive\b", "i have"),
        (r"\b(we|they|you)'re\b", r"\1 are"),
        (r"\b(he|she|it)'s (?=been|got|moved|started|quit|left|joined)", r"\1 has "),
        (r"\b(he|she|it|that|there|who)'s\b", r"\1 is"),
        (r"\b(do|does|did|is|are|was|were|have|has|had)n'?t\b", r"\1 not"),
        (r"\bcan(?:'t|not)\b", "can not"),
        (r"\bwon't\b", "will not"),
        (r"\bany more\b", "anymore"),
        (r"\bfavorite\b|\bfav\b", "favourite"),
        (r"\bno longer\b", "nolonger"),
        (r"\bnot (.{1,60}?) anymore\b", r"nolonger \1"),
    )
]
_NOTE = Pattern(r"\s*[(\[][^)\]]*[)\]]")
# What is said by others, or is the title of something.
_QUOTED = Pattern(r"[\"\u201c\u300c\u00ab]([^\"\u201d\u300d\u00bb]*)[\"\u201d\u300d\u00bb]")
_OWN_WORDS = phrases("i | my | we | you | i'm", before=r"\b")
_OPENER = Pattern(
    (
        r"(?:(?P<turn>actually|no|nope|wait|sorry|correction|update|scratch that|oops|my "
        r"mistake|hmm|never mind"
        r"|instead|small update|quick update|big news|news|good news|bad news|great news"
        r"|sad news|turns out|it turns out)"
        r"|(?:oh|well|so|and|but|hey|hi|hello|yes|yeah|ok|okay|btw|by the way|fyi|just so "
        r"you know|guess what|also fyi|note"
        r"|please note|heads up|you know|anyway|honestly|unfortunately|fortunately|luckily"
        r"|sadly|happily|finally|please remember"
        r"|remember|remember that|for the record|to be clear|as you know|well then|anyways"
        r"|alas|officially))"
        r"(?:[,:!.;\u2013\u2014-]+\s*|\s+(?=i\b|my\b|we\b|our\b|the\b))(?:that (?=i\b|my\b"
        r"|we\b))?"
    ),
    re.IGNORECASE,
)
# The whole sentence tells of what is not so, of what is planned, or of what others say.
_UNREAL = phrases(
    r"""
    if | unless | would | i'd | we'd | could | should | might | maybe | perhaps | possibly | probably
    | wish\w*
    | hop(?:e|es|ing) | imagin\w+ | suppos(?:e|ing)(?! to) | pretend\w* | dream(?:t|ed|s|ing)?
    | consider(?:ing|s|ed)
    | thinking (?:of|about) | plan(?:s|ning|ned)? (?:to|on) | going to (?=\w+(?: |$)) | gonna
    | want(?:s|ed)? to | wanna
    | intend\w* | about to | i'll | we'll | (?:i|we|he|she|they|it|who) will | will (?:be|move|start|have|not)
    | (?:i|we|he|she|they) may | someday | some day | one day | eventually | soon | tomorrow
    | next (?:week|month|year
    |spring|summer|fall|autumn|winter|quarter|\w+day|january|february|march|april|may|june|july|august|september
    |october|november|december)
    | (?:am|are|is) (?:moving|relocating|switching|starting|leaving|quitting|retiring
    |joining|changing|getting) | looking (?:for|to) | trying to | almost | nearly | offered | offer from
    | considered
    | interview\w* | appl(?:y|ied|ying) (?:to|for|at) | supposed to | character | novel | avatar
    | in (?:the|this|a|my)
    (?:game|book|movie|film|story|play|sims|novel) | role-?play\w* | joking | kidding | just kidding
    | hypothetical\w*
    | for example | for instance | e\.g | like to | love to | asked | told | says | said | say that
    | claims | thinks
    | believes | heard | rumou?r\w* | according to | as if | as though | until | or rather not | not sure
    | i guess
    | i think | apparently | used to think | let's say | what if | who knows | dreamed
    """,
    before=r"(?<![\w'])",
)
# The sentence tells of a time that is over.
_HISTORY = phrases(
    r"""
    when (?:i|we|he|she|they) (?:was|were|lived|worked|had|studied|started|first)
    | as a (?:kid|child|teen\w*|student|boy|girl|baby
    |young \w+) | back in | back then | back when
    | in my (?:\w+ )?(?:\w*teens|twenties|thirties|forties|youth|childhood|20s|30s|40s)
    | in (?:college|high school|university|primary school|elementary school) | in those days | at the time
    | growing up
    | during (?:college|university|high school|the pandemic|my \w+) | once upon
    """,
    before=r"\b",
)
_AGO = Pattern(
    (
        r"\b(?:(?:\d+|two|three|four|five|six|seven|eight|nine|ten|many|several|some|few) "
        r"years|decades?|ages) ago\b"
    ),
    re.I,
)
# One more, or for a while: nothing ends.
_BESIDE = phrases(
    r"""
    also | too | as well | another | second | additional(?:ly)? | on the side
    | side (?:job|gig|hustle|project) | part[- ]time
    | besides | in addition | sometimes | occasionally | temporar\w+
    | for (?:the|a|this|two|three|four|five|six|\d+|a few|a couple
    of) (?:summer|winter|weekend|holidays?|days?|weeks?|months?|nights?|semester|while|conference
    |few \w+)
    | on (?:vacation|holiday|business|weekends?|weekdays|\w+days) | this week(?:end)?
    | during the week
    | half the | split (?:my|our) | every other | freelanc\w+
    | volunteer\w*
    | both | one of (?:my|our) | either | visiting | holiday home
    | other (?:phone|number|job|home|car|favourite) | airbnb | for now
    """,
    before=r"\b",
)
_PARTLY = Pattern(
    (
        r"(?:in|on|for|from|after|at) (?!(?:19|20)\d\d|january|february|march|april|may"
        r"|june|july|august|september"
        r"|october|november|december|now|my \w+ (?:surgery|diagnosis))"
    ),
    re.IGNORECASE,
)
_NEGATED = Pattern(r"\b(?:not|nolonger|never)\b", re.IGNORECASE)
# "Moved to Lisbon last week!"
_ELLIPTIC = Pattern(
    (
        r"(?:(?:just|recently|finally) )?(?:moved|relocated|quit|started|switched|joined"
        r"|turned|got|left|sold|stopped|became"
        r"|living|working|based|broke up|bought) "
    ),
    re.IGNORECASE,
)
_SEASON = Pattern(r"\b(?:in|during|for|over) (?:the )?(?:summer|winter)s?\b", re.IGNORECASE)
_MOVED = Pattern(r"\b(?:moved|relocated|joined|started|turned|became)\b", re.IGNORECASE)
_MARK = phrases(
    r"""
    now | nowadays | these days | currently | anymore | as of | from now on | recently | just | switched
    | changed | moved
    | new | instead | no longer | nolonger | turned | became | again | lately | finally
    | since (?:last|this|yesterday|\w+day) | yesterday
    | last (?:week|month|year|night|\w+day|spring|summer|fall|autumn|winter)
    | this (?:morning|week|month|year) | today
    | at last | officially | promoted | meanwhile
    """,
    before=r"\b",
)
_YEAR = Pattern(r"\b(?:in|since|back in|from|around|of) (?:(?:early|late|mid|\w+) )?((?:19|20)\d\d)\b", re.I)

_SENTENCE = Pattern(
    (
        r"(?<![.!?])(?<!\bst)(?<!\bdr)(?<!\bmr)(?<!\bms)(?<!\bmrs)(?<!\bprof)(?<!\binc)(?<!"
        r"\bjr)(?<!\bmt)(?<!\bft)[.!?]+[\"')\u201d]*\s+|\s*[;\n]\s*|\s+[-\u2013\u2014]+\s+"
        r"|\u2014"
    ),
    re.IGNORECASE,
)
_SUBJECT_WORD = (
    r"(?:i|we|my|our|he|she|they|it|his|her|their|the|there|this|that|you|your|everyone|nobody|who)\b"
)
_ELIDED = (
    r"(?:am|are|is|was|were|do|does|have|has|had|live|lives|lived|work|works|worked"
    r"|study|studies|moved|started|joined|love|loves"
    r"|like|likes|hate|hates|use|uses|used|drive|drives|play|plays|eat|eats|drink"
    r"|drinks|prefer|prefers|own|owns|quit"
    r"|left|got|bought|sold|go|goes|speak|speaks|run|runs|became|switched|nolonger|not"
    r"|never|turned|stopped|gave|took|teach)\b"
)
_CUT = Pattern(
    (
        rf",?\s+(?:and|but|so|because|although|though|while|whereas|which means|then|plus"
        rf"|yet)\s+(?=(?:now |then |just |recently |currently |that )?(?:{_SUBJECT_WORD}"
        rf"|{_ELIDED}))"
        rf"|,\s+(?=(?:now |then |not (?!in\b|at\b))?{_SUBJECT_WORD})|:\s+(?=(?:i|we|my"
        rf"|our)\b)"
    ),
    re.IGNORECASE,
)
_VERBAL = Pattern(
    (
        rf"\b(?:{_ELIDED}|can|will|would|should|must|[a-z]{{3,}}(?:ed|ing)|made|went|saw|met"
        rf"|know|want|need|think|feel|grew|went|takes?|makes?|gets?)\b"
    ),
    re.I,
)

_KIN = {
    word: name
    for name, words in {
        "mother": "mom mum mother mama mommy mummy", "father": "dad father papa daddy",
        "sister": "sister sis",
        "brother": "brother bro", "wife": "wife", "husband": "husband hubby", "partner": "partner",
        "girlfriend": "girlfriend gf", "boyfriend": "boyfriend bf",
        "fiance": "fianc\u00e9 fianc\u00e9e fiance fiancee",
        "spouse": "spouse", "son": "son", "daughter": "daughter", "kid": "kid child", "baby": "baby",
        "grandmother": "grandma grandmother granny nana", "grandfather": "grandpa grandfather granddad",
        "aunt": "aunt auntie", "uncle": "uncle", "cousin": "cousin", "niece": "niece", "nephew": "nephew",
        "friend": "friend", "roommate": "roommate flatmate housemate", "boss": "boss", "manager": "manager",
        "colleague": "colleague coworker co-worker teammate", "neighbour": "neighbour neighbor",
        "parents": "parents folks", "in-laws": "in-laws", "dog": "dog puppy", "cat": "cat kitten", "ex": "ex",
        "mentor": "mentor", "teacher": "teacher", "twin": "twin", "team": "team",
        "company": "company startup",
        "family": "family", "grandparents": "grandparents", "brothers": "brothers", "sisters": "sisters",
        "friends": "friends", "best friend": "bestie",
    }.items()
    for word in words.split()
}  # fmt: skip
_KIN_WORDS = "|".join(sorted(map(re.escape, _KIN), key=len, reverse=True))
_SUBJECT = Pattern(
    rf"""
    (?P<self>(?:(?:my|me\sand\smy)\s[\w-]+(?:\s[A-Z][\w-]+)?\sand\s)?(?:i|we)
      |me\sand\smy\s[\w-]+|(?:my|our)\swhole\sfamily|(?:the\s)?user|my\s(?:family|kids?|wife|husband|partner|boyfriend|girlfriend)\sand\si)\b
    |my\s(?P<kind>(?:older|younger|little|big|elder|twin|best|youngest|oldest|eldest|only|step|half|first|late|old|dear|baby|middle|good|close)\s)?
      (?P<kin>{_KIN_WORDS})(?:,?\s(?P<kin_name>(?-i:[A-Z])[\w'-]+)(?!'s),?)?\b(?!'s)
    |(?P<named>(?-i:[A-Z])[\w-]+(?:\s(?-i:[A-Z])[\w-]+)?)(?!\w)(?!'s)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_NO_NAMES = words(
    "the a an this that my our your his her its their it he she they there here yes no "
    "not what when where who why how in on at"
    " for from to by as if and or but so now today yesterday last next since after "
    "before just recently also favourite these"
    " those all some any every each one two three both please thanks let do does did "
    "is are was were am have has had can could"
    " will would should may might must i we you nolonger most everyone nobody english "
    "monday tuesday wednesday thursday friday"
    " saturday sunday got left moved quit"
)
_POSSESSED = Pattern(
    (
        rf"my\s(?:(?:older|younger|little|big|elder|best"
        rf"|twin)\s)?(?P<kin>{_KIN_WORDS})(?:\s(?P<kin_name>(?-i:[A-Z])[\w-]+))?'s\s"
        r"|(?P<named>(?-i:[A-Z])[\w-]+(?:\s(?-i:[A-Z])[\w-]+)?)'s\s"
    ),
    re.IGNORECASE,
)
_LEAD = Pattern(
    (
        r"(?:last|this|as of|starting|these days|nowadays|yesterday|today|now|recently"
        r"|currently|after|since|earlier|right now"
        r"|at the moment|in|on|from|a (?:week|month|few|couple)|two|three|\d+|for|because "
        r"of)\b[^,]{0,40}?,?\s+(?=(?:i|we|my|our|the)\b)"
    ),
    re.IGNORECASE,
)
_FRONT = Pattern(
    (
        r"(?:(?:(?P<be>am|are|is)|just|recently|now|currently|actually|finally|already"
        r"|still|all|really|officially|always|only|even|then|happily|mostly"
        r"|usually|presently|definitely|myself|both|absolutely|literally|totally|simply"
        r"|ended up|been|do(?=\s+nolonger)|does(?=\s+nolonger)"
        r"|(?:have|has)(?=\s+(?:been|just|recently|already|finally|now|officially"
        r"|(?!lived)\w+ed|quit|left|got|become|gone|taken|begun|broken|given|sold|bought"
        r"|lost))) )*"
    ),
    re.IGNORECASE,
)
_END = Pattern(
    (
        r"(?:(?:^|\s+)(?:with|since|for|because|and|but|now|these days|nowadays|currently"
        r"|at the moment|right now|anymore|again|instead|last|this"
        r"|these|in (?:january|february|march|april|may|june|july|august|september|october"
        r"|november|december|spring|summer|fall|autumn"
        r"|winter|early|late|mid|the (?:end|beginning)|(?:19|20)\d\d)|on|after|before|where"
        r"|which|who|when|near|by|during|as of|as from|from now on|at last"
        r"|(?:a|two|three|four|five|six|\d+|some|many|several) (?:\w+ )?(?:days?|weeks?"
        r"|months?|years?) ago|ages ago|yesterday|today|recently|earlier|full[- ]time|due to"
        r"|thanks to|so|though|tbh|lol|btw|by the way|actually|ever since|effective"
        r"|starting|permanently|for good|together|lately|to be|already|finally|once|anyway"
        r"|just fine|as an?|as the|as their)\b|\s*[,!?:;](?=\s|$)|[.\s]*$)"
    ),
    re.IGNORECASE,
)
_V = r"(?P<value>\S.*)"
_ROLE = (
    r"(?:boss|manager|supervisor|dentist|doctor|gp|therapist|landlord|landlady|personal "
    r"trainer|trainer|coach|tutor|accountant|lawyer|dermatologist|psychologist"
    r"|psychiatrist|advisor|adviser|team lead|tech lead|emergency contact|pediatrician"
    r"|vet|hairdresser|barber|piano teacher|best friend)"
)
_MEASURE = (
    r"(?:weight|height|salary|rent|budget|shoe size|size|goal weight|target weight"
    r"|bedtime|timezone|time zone|gpa|daily step goal|step goal|clothing size|monthly "
    r"budget|hourly rate)"
)
_NUMBER = (
    r"(?:phone number|mobile number|cell number|telephone number|phone|cell|mobile"
    r"|number|telephone|e-?mail address|e-?mail|mailing address|address|zip code|postal "
    r"code|postcode|username|user name|handle|github|telegram|whatsapp|extension|iban"
    r"|account number|employee id|license plate|licence plate)"
)

_RULES: tuple[Rule, ...] = (
    # Home.
    Rule(
        "home",
        (
            rf"(?:live|lives|living|reside|resides|residing|based|settled|settled down) (?:down "
            rf"|up |over |out |back |here |alone |right )?in {_V}"
        ),
        kind="place",
    ),
    Rule(
        "home",
        (
            rf"(?:moved|relocated) (?:back |over |out |down |up |here |all the way )?(?:from "
            rf"(?P<former>.+?) )?(?:in)?to {_V}"
        ),
        marked=True,
        kind="place",
    ),
    Rule("home", rf"call {_V} home", kind="place"),
    Rule("home", r"in (?P<value>.+?) since .+", marked=True, kind="place", be=True),
    Rule(
        "home",
        rf"(?:nolonger|do not|does not) (?:live|lives|living|reside|resides|based) in {_V}",
        ends=True,
        marked=True,
        kind="place",
    ),
    Rule("home", rf"used to (?:live|reside|be based) in {_V}", ends=True, kind="place"),
    Rule("home", rf"(?:moved|have moved|has moved) (?:away|out) (?:from|of) {_V}", ends=True, kind="place"),
    # Work.
    Rule(
        "employer",
        (
            rf"(?:work|works|working|employed) (?:full[- ]time )?(?:as an? (?P<job>[\w -]+?) "
            rf")?(?:over )?(?:at|for) {_V}"
        ),
        kind="company",
    ),
    Rule("employer", rf"an? (?P<job>[\w -]+?) (?:at|with) {_V}", kind="company", be=True),
    Rule(
        "employer",
        (
            rf"(?:started|began) (?:working |work |(?:a|my) (?:new )?(?:\w+ )?(?:job|role"
            rf"|position) )?(?:as an? (?P<job>[\w -]+?) )?(?:at|for) {_V}"
        ),
        marked=True,
        kind="firm",
    ),
    Rule(
        "employer",
        (
            rf"(?:got|landed|found|took|have|has) (?:a|the|my) (?:new )?(?:[\w-]+ )?(?:job|role"
            rf"|position) (?:at|with) {_V}"
        ),
        marked=True,
        kind="firm",
    ),
    Rule("employer", rf"joined {_V}", marked=True, kind="joined"),
    Rule("employer", rf"(?:was |got |been )?hired (?:by|at) {_V}", marked=True, kind="firm"),
    Rule(
        "employer",
        (
            rf"(?:switched|changed) (?:jobs|employers|companies) (?:and work at|and am at|from "
            rf"(?P<former>.+?) to|to) {_V}"
        ),
        marked=True,
        kind="firm",
    ),
    Rule(
        "employer",
        rf"(?:left|quit) (?P<former>.+?) (?:for|to join|to work at|to work for|and joined) {_V}",
        marked=True,
        kind="firm",
    ),
    Rule(
        "employer",
        rf"(?:nolonger|do not|does not) (?:work|works|working|employed) (?:at|for|with) {_V}",
        ends=True,
        marked=True,
        kind="company",
    ),
    Rule("employer", rf"nolonger (?:with|at) {_V}", ends=True, marked=True, kind="company"),
    Rule("employer", rf"used to (?:work|be employed) (?:at|for|with) {_V}", ends=True, kind="company"),
    Rule(
        "employer",
        (
            rf"(?:quit|left|resigned from|retired from) (?:(?:my|her|his|the) (?:\w+ )?(?:job"
            rf"|position|role) (?:at|with) )?{_V}"
        ),
        ends=True,
        kind="firm",
    ),
    Rule(
        "employer",
        rf"(?:was |got |been )?(?:laid off|fired|let go|made redundant) (?:from|by) {_V}",
        ends=True,
        marked=True,
        kind="firm",
    ),
    Rule("employer", r"(?:quit|left|lost) (?:my|her|his) (?:\w+ )?(?:job|position)", ends=True, marked=True),
    Rule(
        "employer",
        (
            r"(?:(?:was |got |been )?(?:laid off|fired|let go|made redundant)|resigned|retired"
            r"|(?:unemployed|out of work|between jobs))"
        ),
        ends=True,
        marked=True,
    ),
    Rule("job", rf"(?:work|works|working|employed) (?:at|for) .+? as an? {_V}", marked=True, kind="job"),
    Rule("job", rf"(?:work|works|working|employed) as an? {_V}", marked=True, kind="job"),
    Rule(
        "job",
        (
            rf"(?:became|become|been promoted to|was promoted to|got promoted to|promoted to"
            rf"|started as) (?:an? )?{_V}"
        ),
        marked=True,
        kind="trade",
    ),
    Rule("job", rf"(?:an? |now an? )?{_V}", kind="trade", be=True),
    Rule("job", rf"nolonger (?:an? |work as an? |working as an? ){_V}", ends=True, marked=True, kind="trade"),
    Rule("job", rf"used to (?:be|work as) an? {_V}", ends=True, kind="trade"),
    Rule("job", r"retired", ends=True, marked=True),
    # School.
    Rule("school", rf"(?:go|goes|going) to {_V}", kind="school"),
    Rule("school", rf"(?:attend|attends|attending) {_V}", kind="school"),
    Rule(
        "school",
        rf"(?:study|studies|studying|a student|a \w+ student|enrolled|enroled) (?:[\w ]+? )?at {_V}",
        kind="firm",
    ),
    Rule("school", rf"transferred (?:from (?P<former>.+?) )?to {_V}", marked=True, kind="firm"),
    Rule(
        "school",
        (
            rf"(?:nolonger|do not|does not) (?:study|studies|studying|go|goes|attend|a student) "
            rf"(?:at|to )?\s?{_V}"
        ),
        ends=True,
        marked=True,
        kind="firm",
    ),
    Rule("school", rf"(?:graduated from|dropped out of|finished|left) {_V}", ends=True, kind="school"),
    Rule(
        "school",
        (
            r"(?:graduated|dropped out|graduated from (?:college|university)|dropped out of "
            r"(?:college|university|school))"
        ),
        ends=True,
        marked=True,
    ),
    Rule("major", rf"(?:majoring in|major in|majors in) {_V}"),
    Rule("major", rf"(?:switched|changed) (?:my )?majors? (?:from (?P<former>.+?) )?to {_V}", marked=True),
    # Age, name.
    Rule(
        "age",
        (
            r"(?P<value>\d{1,3}|[a-z]+teen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty"
            r"|ninety)(?:[- ]\w+)?|six|seven|eight|nine|ten|eleven|twelve)(?: years old| years "
            r"of age| yo| y/o)?"
        ),
        kind="age",
        be=True,
    ),
    Rule("age", r"(?:just )?turned (?P<value>\d{1,3}|[a-z]+(?:[- ][a-z]+)?)", marked=True, kind="age"),
    Rule(
        "name", rf"(?:legally )?changed my name (?:from (?P<former>.+?) )?to {_V}", marked=True, kind="name"
    ),
    Rule("called", rf"go(?:es)? by {_V}", kind="name"),
    # Partner.
    Rule(
        "partner",
        rf"(?:dating|seeing|engaged to|married to|going out with|in a relationship with|together with) {_V}",
        kind="name",
    ),
    Rule(
        "partner",
        rf"(?:married|got engaged to|got married to|started dating|started seeing) {_V}",
        marked=True,
        kind="name",
    ),
    Rule(
        "partner",
        rf"(?:broke up|broken up|split up|split(?! up)|divorced|separated)(?: (?:with|from))? {_V}",
        ends=True,
        marked=True,
        kind="name",
    ),
    Rule(
        "partner",
        rf"nolonger (?:dating|seeing|engaged to|married to|together with|with) {_V}",
        ends=True,
        marked=True,
        kind="name",
    ),
    Rule(
        "partner",
        (
            r"(?:got |getting )?(?:broke up|broken up|split up|divorced|separated|broke it off"
            r"|called off (?:the|our) engagement|ended (?:things|it|our relationship)|nolonger "
            r"(?:together|married|engaged|dating|in a relationship))(?: (?:with|from) my "
            r"(?:wife|husband|boyfriend|girlfriend|partner|fianc\u00e9e?))?"
        ),
        ends=True,
        marked=True,
    ),
    Rule("partner", r"(?:single|divorced|widowed|separated)(?: again)?", ends=True, be=True),
    Rule(
        "status",
        r"(?:got |been )?(?P<value>single|married|engaged|divorced|widowed|separated)(?: to .+| again)?",
    ),
    Rule("status", r"(?P<value>in a relationship)(?: with .+)?", be=True),
    Rule("status", r"(?:started )?(?P<value>dating|seeing) (?-i:[A-Z])\w+"),
    Rule("status", r"(?:broke up|broken up|split up|got divorced)(?: with .+)?", ends=True, marked=True),
    # Vehicles and devices: there may be several, so they end only by a change.
    Rule("car", rf"(?:drive|drives|driving) (?:an? |my )?{_V}", kind="thing"),
    Rule(
        "car",
        rf"(?:traded|traded in|swapped|sold) my (?P<former>.+?) (?:in )?for (?:an? )?{_V}",
        marked=True,
        kind="thing",
    ),
    Rule("weight", r"weigh(?:s)? (?P<value>\d+(?:\.\d+)? ?(?:kg|kilos?|pounds|lbs?|stone)?)"),
    Rule("height", r"(?P<value>\d[\d.,' ]*(?:cm|m|ft|feet|meters?|metres?|inches|\")?(?: \d+)?) tall"),
    Rule("wake-up time", rf"(?:wake|get) up at {_V}"),
    Rule("bedtime", rf"go(?:es)? to bed at {_V}"),
    Rule("commute", rf"(?:commute|commutes) (?:to work )?by {_V}"),
    Rule("commute", r"(?:bike|drive|walk|cycle) to (?P<value>work)", kind="none"),
    Rule("diet", r"(?:an? )?(?:strict )?(?P<value>vegetarian|vegan|pescatarian)", kind="diet", be=True),
    Rule(
        "diet",
        r"(?:went|gone|turned|became|become|going) (?:an? )?(?P<value>vegetarian|vegan|pescatarian)",
        marked=True,
        kind="diet",
    ),
    Rule(
        "diet",
        r"(?:started eating|started to eat|eat|eating) (?:meat|everything)(?: again)?",
        ends=True,
        kind="again",
    ),
    Rule("diet", r"nolonger (?:an? )?(?P<value>vegetarian|vegan|pescatarian)", ends=True, marked=True),
    Rule("diet", r"used to be (?:an? )?(?P<value>vegetarian|vegan|pescatarian)", ends=True),
)
# Of a possession: "My phone number is 555".
_OWN: tuple[Rule, ...] = (
    Rule(
        "{}",
        (
            rf"(?:new |current |present )*(?P<what>(?:work|home|mobile|office|private|personal"
            rf"|business|school|emergency|mailing|primary|main)? ?{_NUMBER}) (?:is|has changed "
            rf"to|changed to|was changed to|is now) (?:now )?{_V}"
        ),
        kind="number",
    ),
    Rule(
        "{}",
        (
            rf"(?:new |current |all[- ]time |absolute |absolutely )*(?P<what>(?:least "
            rf")?favourite (?:[\w'-]+ ){{1,3}}?)(?:is|has changed to|changed to|has become"
            rf"|became|switched to|would be) (?:now |definitely |still |probably )*{_V}"
        ),
        kind="favourite",
    ),
    Rule(
        "{}",
        rf"(?P<what>(?:least )?favourite (?:[\w'-]+ ){{1,3}}?)(?:is|are) nolonger {_V}",
        ends=True,
        marked=True,
        kind="favourite",
    ),
    Rule(
        "{}",
        rf"(?P<what>(?:least )?favourite (?:[\w'-]+ ){{1,3}}?)(?:used to be|was) {_V}",
        ends=True,
        kind="favourite",
    ),
    Rule("name", rf"(?:full |real |legal |new )?name is (?:now )?{_V}", kind="name"),
    Rule(
        "{}",
        rf"(?P<what>(?:first|middle|last|maiden|family|nick)[- ]?name|surname|nickname) is (?:now )?{_V}",
        kind="name",
    ),
    Rule("age", r"age is (?:now )?(?P<value>\d{1,3})", kind="age"),
    Rule(
        "job",
        (
            rf"(?:new |current )?(?:job|occupation|profession|job title|title|role|position) is "
            rf"(?:now )?(?:an? |as an? )?{_V}"
        ),
        kind="job",
    ),
    Rule("employer", rf"(?:new |current )?(?:employer|company|workplace) is (?:now )?{_V}", kind="firm"),
    Rule("major", rf"(?:new |current )?major is (?:now )?{_V}"),
    Rule("home", rf"(?:new |current )?(?:home|house|apartment|flat|place) is (?:now )?in {_V}", kind="place"),
    Rule(
        "{}",
        rf"(?:new |current )?(?P<what>{_ROLE})(?:'s name)? is (?:now )?(?:called |named )?{_V}",
        kind="name",
    ),
    Rule(
        "{}",
        (
            rf"(?:new |current )?(?P<what>{_MEASURE}) (?:is|has changed to|is now|went up to"
            rf"|went down to|changed to|was raised to|increased to|has increased to) (?:now "
            rf")?(?:around |about )?{_V}"
        ),
        kind="digit",
    ),
    Rule(
        "partner",
        (
            rf"(?:new )?(?:wife|husband|girlfriend|boyfriend|partner|fianc\u00e9e?|fiancee?"
            rf"|spouse)(?:'s name)? is (?:named |called )?{_V}"
        ),
        kind="name",
    ),
    Rule(
        "partner",
        (
            r"(?:wife|husband|girlfriend|boyfriend|partner|fianc\u00e9e?|fiancee?)(?: "
            r"(?-i:[A-Z])\w+)? (?:and i|left me|dumped me)(?: (?:have |just |recently |got |are "
            r")*(?:broke up|broken up|split|split up|divorced|separated|nolonger together))?"
        ),
        ends=True,
        marked=True,
        kind="end",
    ),
    Rule("car", rf"(?:new |current )?car is (?:now )?(?:an? )?{_V}", kind="thing"),
    Rule(
        "{}",
        (
            rf"(?:new |current )?(?P<what>phone|laptop|computer|bike|main editor|editor|browser"
            rf"|operating system|os|bank|gym|insurance|internet provider|mobile carrier|carrier"
            rf"|alma mater) is (?:now )?(?:an? )?{_V}"
        ),
        kind="thing",
    ),
)
_HEAD = (
    r"(?:port|version|branch|host|hostname|url|endpoint|database|db|server|region"
    r"|license|licence|repo|repository|password|language|framework|runtime|timeout|limit"
    r"|quota|budget|codename|lead|owner|maintainer|ip|domain|schema|package manager"
    r"|theme|time ?zone|default|deadline|due date|release date|launch date|start date"
    r"|budget|stack|backend|frontend"
    r"|message broker|queue|cache|orm|test runner|linter|formatter|line length|ci|cloud "
    r"provider|hosting|app name|project name|target|base image|retention|rate limit"
    r"|batch size|wifi password|wi-fi password|standup|stand-up|office|headquarters|hq"
    r"|ceo|cto)"
)
_EVENT = (
    r"(?:meeting|appointment|deadline|due date|launch|release|exam|flight|wedding"
    r"|interview|call|standup|stand-up|demo|review|party|trip|presentation|class|lesson"
    r"|session|dinner|surgery|checkup|check-up|conference|date|game|match|concert"
    r"|reservation|go-live|kickoff|retro)"
)
# Of a thing of a project: "The API listens on port 8080".
_THING: tuple[Rule, ...] = (
    Rule(
        "{} date",
        (
            rf"(?P<what>(?:[\w-]+ ){{0,3}}?{_EVENT}(?: (?:with|for|of) [\w .'-]+?)?) (?:has been "
            rf"|was |is |got |has )?(?:now )?(?:moved|rescheduled|postponed|pushed|changed"
            rf"|shifted|brought forward|delayed|extended)(?: back| forward| up| out)? (?:from "
            rf"(?P<former>.+?) )?(?:to|until|till) {_V}"
        ),
        marked=True,
        kind="when",
    ),
    Rule(
        "{} date",
        (
            rf"(?P<what>(?:[\w-]+ ){{0,3}}?{_EVENT}(?: (?:with|for|of) [\w .'-]+?)?) is (?:now "
            rf")?(?:on|at|due|scheduled for|set for|planned for|in)? ?{_V}"
        ),
        kind="when",
    ),
    Rule(
        "{} date",
        (
            rf"(?P<what>(?:[\w-]+ ){{0,3}}?{_EVENT}(?: (?:with|for|of) [\w .'-]+?)?) (?:was|has "
            rf"been|is|got) (?:cancell?ed|called off)"
        ),
        ends=True,
        marked=True,
    ),
    Rule(
        "{} port",
        (
            r"(?P<what>(?:[\w-]+ ){1,4}?)(?:runs?|listens?|is running|is listening|is served|is "
            r"exposed|is reachable|is|moved|was moved|has moved|now runs|now listens|serves)(?: "
            r"now)? (?:on|at|to) (?:port )(?P<value>\d+)"
        ),
        kind="digit",
    ),
    Rule(
        "{}",
        (
            rf"(?P<what>(?:[\w-]+ ){{0,4}}?{_HEAD}(?: (?:for|of) [\w .-]+?)?) (?:is|are|is set "
            rf"to|was set to|has changed to|changed to|was changed to|has been changed to|was "
            rf"raised to|was lowered to|was renamed to|has been renamed to|was moved to|has "
            rf"moved to|moved to|points to|is called|is at|is in|lives at) (?:now )?(?:at |on "
            rf"|in |set to |called )?{_V}"
        ),
        kind="setting",
    ),
    Rule(
        "{} place",
        (
            rf"(?P<what>(?:[\w-]+ ){{1,4}}?)(?:is|are|is now|are now|was moved|has moved|have "
            rf"moved|has been moved|moved)(?: now)? (?:stored|hosted|deployed|kept|saved|living"
            rf"|managed|tracked)? ?(?:in|on|to|at|by) {_V}"
        ),
        kind="stored",
    ),
    Rule(
        "{} version",
        (
            r"(?P<what>(?:[\w.-]+ ){0,2}?[\w.+-]+) is (?:now )?(?:pinned|locked|fixed|frozen) "
            r"(?:at|to) (?:version )?(?P<value>v?\d[\w.]*)"
        ),
    ),
    Rule(
        "{} version",
        (
            r"(?P<what>[\w.+-]+) (?:was |has been )?(?:upgraded|updated|bumped|downgraded) "
            r"(?:from (?P<former>\S+) )?to (?:version )?(?P<value>v?\d[\w.]*)"
        ),
        marked=True,
    ),
    Rule(
        "{}",
        (
            rf"(?P<what>(?:[\w-]+ ){{0,3}}?(?:project|app|repo|product|service|team|company))(?: "
            rf"is| was| has been) (?:now )?(?:renamed to|called|renamed) {_V}"
        ),
        kind="setting",
    ),
)
# Of "we": "We use Python 3.10".
_TEAM: tuple[Rule, ...] = (
    Rule(
        "{} version",
        (
            r"(?:use|run|target|require|support|on|running|using|deploy) "
            r"(?P<what>[a-z][\w+#-]*) (?:version )?(?P<value>v?\d[\w.]*)"
        ),
    ),
    Rule(
        "{} version",
        (
            r"(?:have )?(?:upgraded|updated|bumped|downgraded|migrated|moved|switched) (?:our "
            r"|the )?(?P<what>[a-z][\w+#-]*) (?:from (?P<former>\S+) )?to (?:version |(?P=what) "
            r")?(?P<value>v?\d[\w.]*)"
        ),
        marked=True,
    ),
    Rule(
        "{} version",
        (
            r"(?:have )?(?:upgraded|updated|migrated|moved|switched|downgraded) (?:from "
            r"(?:[\w+#-]+ )?\S+ )?to (?P<what>[a-z][\w+#-]*) (?P<value>v?\d[\w.]*)"
        ),
        marked=True,
    ),
    Rule("reply language", r"prefer (?:replies|answers) in (?P<value>\w+)"),
)
_REQUEST: tuple[Rule, ...] = (
    Rule(
        "reply language",
        (
            r"(?:from now on,? |please |always |you should |going forward,? )*(?:answer|reply"
            r"|respond|write|talk|speak)(?: to me)?(?: only| always)? in "
            r"(?P<value>(?-i:[A-Z])\w+)"
        ),
        kind="setting",
    ),
    Rule(
        "called",
        rf"(?:please |from now on,? |everyone |people |friends |you can |just )*(?:call|calls) me {_V}",
        kind="name",
    ),
)
# Switching from one tool to another.
_SWITCH = (
    Pattern(
        (
            r"(?:switched|migrated|moved|changed|converted|gone|went)(?: over)? from "
            r"(?P<old>.+?) to (?P<new>\S.*)"
        ),
        re.IGNORECASE,
    ),
    Pattern(
        r"(?:switched|migrated|moved|changed|converted)(?: over)? to (?P<new>.+?) from (?P<old>\S.*)",
        re.IGNORECASE,
    ),
    Pattern(r"(?:switched|migrated|moved|changed|converted)(?: over)? to (?P<new>\S.*)", re.IGNORECASE),
    Pattern(r"replaced (?P<old>.+?) (?:with|by) (?P<new>\S.*)", re.IGNORECASE),
    Pattern(
        r"(?P<verb>use|drink|eat|drive|play|read) (?P<new>.+?) (?:instead of|rather than) (?P<old>\S.*)",
        re.IGNORECASE,
    ),
    Pattern(r"ditched (?P<old>.+?) for (?P<new>\S.*)", re.IGNORECASE),
)
_PREFER = Pattern(r"prefer (?P<one>.+?) (?:to|over|rather than) (?P<other>\S.*)", re.IGNORECASE)
_REVERSED = Pattern(
    (
        r"(?P<value>(?-i:[A-Z0-9]).{1,40}?) (?P<be>is|are|is now|has become|became|is "
        r"nolonger|used to be) my (?:new )?(?P<what>(?:least )?favourite \S.*)"
    ),
    re.IGNORECASE,
)

# "I smoke": what may hold or not. The verbs that tell of a state or a habit.
_HABITS = words(
    "smoke drink eat play use like love enjoy hate dislike have own wear take practice "
    "practise do run swim bike cycle ski climb dance"
    " sing paint draw knit read watch follow collect teach coach attend study learn "
    "speak write vape gamble fish hunt hike box row"
    " meditate jog journal subscribe train lift exercise commute stream garden bake "
    "need avoid keep rent believe support"
)
_LIKING_VERBS = {"like": "+", "love": "+", "enjoy": "+", "adore": "+", "hate": "-", "dislike": "-"}
_NOT = Pattern(
    (
        r"(?:(?P<not>nolonger|do not|does not|never)|(?P<stopped>(?:stopped|quit|gave up"
        r"|given up))|(?P<former>used to)|(?P<start>(?:started|began|took up|taken up"
        r"|picked up)))? ?"
        r"(?:(?:even|really|actually|ever|to|going|doing|just|still|now|often|usually"
        r"|always|the habit of) )*(?P<verb>[a-z]+)(?: (?P<object>.+?))?$"
    ),
    re.IGNORECASE,
)
_TO_BE = Pattern(
    r"(?:(?P<not>nolonger|not) )?(?:(?:really|actually|even) )?(?:an? |the |on an? |on the )?(?P<what>\S.*)",
    re.IGNORECASE,
)
_SOLD = Pattern(
    r"(?:sold|gave away|got rid of|lost|given away|gotten rid of|returned|donated) my (?P<what>\S.*)",
    re.IGNORECASE,
)
_BOUGHT = Pattern(
    r"(?:bought|got|adopted|purchased|have|has|own|owns|have got) (?P<count>an?|no) (?P<what>\S.*)",
    re.IGNORECASE,
)
_ADJUNCT = Pattern(
    (
        r"\s+(?:with|since|for|because|now|these days|nowadays|currently|anymore|again"
        r"|instead|every|on|at|in|from|to|by|when|after|before|as|that|which|who|where|than"
        r"|and|but|or|named|called|whenever|almost"
        r"|very|really|so|a lot|much|most|quite|regularly|often|daily|weekly|right now"
        r"|twice|once|three|last|this|about|too|either|too much|at all|any)\b.*"
        r"|\s*[,.!;:].*$|\s*$"
    ),
    re.IGNORECASE,
)
# Behind a negation only these may follow: "I don't eat meat on Fridays" ends nothing.
_FREE = Pattern(
    (
        r"\s*(?:(?:now|these days|nowadays|currently|anymore|again|at all|either|right now"
        r"|since [\w ]+|because .*|for (?:health|medical|ethical|religious|environmental) .*|due to .*"
        r"|as of .*|\(.*\)|lol|tbh|actually|,?\s?(?:sadly|unfortunately|luckily|thankfully"
        r"|though|finally)|last \w+|this \w+|(?:a|two|three|four|five|six"
        r"|\d+|few|several|many) (?:few )?\w+ ago|in (?:19|20)\d\d|yesterday"
        r"|today|recently|altogether|completely|entirely|for good)\s*)*[.!,\s]*$"
    ),
    re.IGNORECASE,
)
# Behind "I quit" also when or why.
_FREE_WHEN_STOPPED = Pattern(
    r"\s*(?:on \w+day|on [a-z]+ \d+|in (?:january|february|march|april|may|june|july|august|september|october"
    r"|november|december)|after .*|for (?:my|the|our) .*|when .*|before .*)\s*$",
    re.IGNORECASE,
)
_ALLERGIC = Pattern(
    (
        r"(?:(?P<not>nolonger|not) )?(?:actually )?(?P<what>(?:allergic|intolerant|addicted"
        r"|afraid|scared) (?:to|of) \S.*)"
    ),
    re.IGNORECASE,
)


class _Subject(NamedTuple):
    """The subject of a clause and what follows it."""

    name: str
    predicate: str
    is_team: bool = False


def read(text: str) -> Clauses:
    """Return the claims of a text, clause by clause.

    Args:
        text: one or more sentences.
    """
    found: list[tuple[Claim, ...]] = []
    for sentence in _SENTENCE.split(_plain(text)):
        if sentence and sentence.strip():
            found += _sentence(sentence.strip(), found[-1] if found else ())
    return found


def _plain(text: str) -> str:
    text = text.replace("\u2019", "'").replace("\u2018", "'")
    text = _NOTE.sub("", text)
    text = _QUOTED.sub(lambda match: " _ " if _OWN_WORDS.search(match[1]) else match[1], text)
    for pattern, full in _CONTRACTIONS:
        text = pattern.sub(full, text)
    return text


def _sentence(sentence: str, before: Sequence[Claim]) -> list[tuple[Claim, ...]]:
    turn = False
    while match := _OPENER.match(sentence):
        turn = turn or bool(match["turn"])
        sentence = sentence[match.end() :]
    if not sentence:
        return []
    if sentence.endswith("?") or _UNREAL.search(sentence) or _HISTORY.search(sentence):
        return [()]
    found: list[tuple[Claim, ...]] = []
    subject = ""
    for piece in _CUT.split(sentence):
        clause = piece.strip(" ,.!")
        lead = _LEAD.match(clause)
        bare = clause[lead.end() :] if lead else clause
        if subject and re.match(_ELIDED, bare, re.IGNORECASE):
            bare = f"{subject} {bare}"
        if not found and not subject and _ELLIPTIC.match(bare):
            bare = f"I {bare}"
        # "In the evening I don't drink coffee" ends no habit.
        partly = lead and _PARTLY.match(clause) and _NEGATED.search(bare)
        if partly or _BESIDE.search(clause) or (_SEASON.search(clause) and not _MOVED.search(clause)):
            claims: tuple[Claim, ...] = ()
        else:
            claims = tuple(_claims(bare, found[-1] if found else before))
        if (parts := _subject(bare)) is not None:
            subject = bare[: len(bare) - len(parts.predicate)].strip()
        if claims or _VERBAL.search(bare):
            found.append(_dated(claims, clause, turn))
    return found


def _dated(claims: Sequence[Claim], clause: str, turn: bool) -> tuple[Claim, ...]:
    """Add to the claims of a clause what it says about their time."""
    years = _YEAR.findall(clause)
    year = int(max(years)) if years else None
    marked = turn or bool(_MARK.search(clause))
    past = bool(_AGO.search(clause))
    return tuple(
        dict.fromkeys(claim._replace(marked=claim.marked or marked, past=past, year=year) for claim in claims)
    )


def _subject(clause: str) -> _Subject | None:
    match = _SUBJECT.match(clause)
    if match is None:
        return None
    predicate = clause[match.end() :].strip(" ,")
    if match["self"]:
        return _Subject(SELF, predicate, match["self"].lower() == "we")
    if match["kin"]:
        name = _KIN[match["kin"].lower()]
        kind = f"{match['kind'].lower().strip()} " if match["kind"] else ""
        own = f" {match['kin_name'].lower()}" if match["kin_name"] else ""
        return _Subject(f"{kind}{name}{own}", predicate)
    words = match["named"].split()
    if words[0].lower() in _NO_NAMES:
        return None
    if len(words) > 1 and words[1].lower() in _NO_NAMES:
        return _Subject(words[0].lower(), clause[len(words[0]) :].strip())
    return _Subject(match["named"].lower(), predicate)


def _claims(clause: str, before: Sequence[Claim]) -> Iterator[Claim]:
    lower = not any(char.isupper() for char in clause)
    yield from _matches(_REQUESTS, clause, SELF, lower)
    if match := _REVERSED.match(clause):
        gone = match["be"].lower() in ("is nolonger", "used to be")
        yield Claim(
            SELF, _named(_value(match["what"])), match["value"], gone, match["be"].lower() == "is nolonger"
        )
    if match := _LEADS.match(clause):
        yield Claim(PROJECT, f"{_named(_value(match['what']))} lead", match["value"])
    if match := _IS_MY.match(clause):
        yield Claim(SELF, match["what"].lower(), match["value"])
    if match := _IT_IS.match(clause):
        for claim in before[:1]:
            if claim.ends or claim.attribute.startswith(("favourite", "phone")):
                yield claim._replace(value=_value(match["value"]), ends=False, marked=True)
        return
    if match := _POSSESSED.match(clause):
        yield from _matches(_OWNS, clause[match.end() :], _possessor(match), lower)
    if match := _MY.match(clause):
        yield from _matches(_OWNS, clause[match.end() :], SELF, lower)
    subject = _subject(clause)
    if subject is None or (subject.name and subject.name.split()[0] not in _KIN.values()):
        yield from _matches(_THINGS, _DETERMINER.sub("", clause), PROJECT, lower)
    if subject is not None:
        yield from _of_subject(subject, lower)


def _value(rest: str) -> str:
    """Return the value at the beginning of the rest of a clause."""
    end = _END.search(rest, 1)
    return (rest[: end.start()] if end else rest).strip(" .,'")


def _possessor(match: re.Match[str]) -> str:
    if match["kin"]:
        own = f" {match['kin_name'].lower()}" if match["kin_name"] else ""
        return _KIN[match["kin"].lower()] + own
    return match["named"].lower()


def _of_subject(subject: _Subject, lower: bool) -> Iterator[Claim]:
    name = subject.name
    front = _FRONT.match(subject.predicate)
    assert front is not None, "it matches the empty string"
    predicate = subject.predicate[front.end() :]
    is_something = front["be"] is not None
    yield from _matches(_PREDICATES, predicate, name, lower, is_something)
    tools = PROJECT if subject.is_team else name
    if name == SELF:
        yield from _matches(_TEAMS, predicate, PROJECT, lower)
        yield from _preference(predicate)
    yield from _switch(tools, predicate)
    if is_something:
        yield from _state(name, predicate)
    else:
        yield from _possession(name, predicate)
        yield from _habit(tools if predicate.startswith("use") else name, predicate)


def _matches(
    rules: Sequence[tuple[Rule, Pattern]], text: str, subject: str, lower: bool, be: bool = False
) -> Iterator[Claim]:
    seen: set[tuple[str, bool]] = set()
    for rule, pattern in rules:
        if rule.be and not be:
            continue
        match = pattern.match(text)
        if match is None:
            continue
        groups = match.groupdict()
        value = groups.get("value") or ""
        if match.end() == len(text) and value and match.end("value") == match.end():
            value = _value(value)
        elif (end := _END.search(text, match.end())) is None or end.start() > match.end():
            continue
        value = value.strip(" .,'")
        if rule.attribute == "job":
            value = re.split(r" (?:at|for|with|in) ", value)[0]
        attribute = rule.attribute.format(_named(groups["what"]) if groups.get("what") else "").strip()
        if (attribute, rule.ends) in seen or not accepts(value, rule.kind, match[0], lower=lower):
            continue
        seen.add((attribute, rule.ends))
        yield Claim(subject, attribute, value, rule.ends, rule.marked)
        if rule.attribute == "home" and is_tool(groups.get("former") or ""):
            continue
        if groups.get("former"):
            yield Claim(subject, attribute, groups["former"], ends=True, marked=True)
        if groups.get("job") and accepts(groups["job"], "trade", "", lower=lower):
            yield Claim(subject, "job", groups["job"], rule.ends, rule.marked)


def _named(what: str) -> str:
    """Return the name of an attribute: without words that tell nothing, and with one name for each thing."""
    words = [
        _SAME_WORDS.get(word, word)
        for word in re.findall(r"[\w.+#'-]+", what.lower())
        if word not in _EMPTY_WORDS
    ]
    kinds = [word for word in words if word not in _PHONE_WORDS]
    if len(kinds) < len(words) and not set(words) & _NOT_PHONES:
        return " ".join(["phone", *kinds])
    return " ".join(words)


def _preference(predicate: str) -> Iterator[Claim]:
    if match := _PREFER.match(predicate):
        one, other = values.fold(match["one"]), values.fold(_value(match["other"]))
        if one and other and one != other and max(len(one.split()), len(other.split())) <= _MOST_PREFERRED:
            yield Claim(SELF, f"prefer {' | '.join(sorted((one, other)))}", match["one"])


def _switch(name: str, predicate: str) -> Iterator[Claim]:
    match = next((found for pattern in _SWITCH if (found := pattern.match(predicate))), None)
    if match is None:
        if (match := _USES.match(predicate)) and (kind := tool_class(_value(match["value"]))):
            yield Claim(name, kind, _value(match["value"]))
        return
    groups = match.groupdict()
    new, old = groups["new"], groups.get("old") or ""
    new, old = (_value(new), old) if match.end("new") == len(predicate) else (new, _value(old))
    if values.number(new) is not None and not tool_class(new):
        return
    verb, kind = (groups.get("verb") or "use").lower(), tool_class(new) or tool_class(old)
    if old:
        for each in dict.fromkeys((verb, "drink", "eat", "drive")):
            yield Claim(name, f"do {stem(each)} {values.fold(old)}", "+", ends=True, marked=True)
        if kind is not None:
            yield Claim(name, kind, old, ends=True, marked=True)
    if kind is not None:
        yield Claim(name, kind, new, marked=True)
    if kind is not None or old:
        yield Claim(name, f"do {stem(verb)} {values.fold(new)}", "+", marked=True)


def _possession(name: str, predicate: str) -> Iterator[Claim]:
    if match := _SOLD.match(predicate):
        what = values.fold(_value(match["what"]))
        yield Claim(name, f"have {what}", "+", ends=True, marked=True)
        if len(what.split()) < 3:
            yield Claim(name, "car", "" if what == "car" else what, ends=True, marked=True)
    elif match := _BOUGHT.match(predicate):
        sign = "-" if match["count"].lower() == "no" else "+"
        yield Claim(name, f"have {values.fold(_object(match['what'])[0])}", sign)


def _object(rest: str) -> tuple[str, str]:
    """Divide what follows a verb into its object and what comes after that."""
    rest = f" {rest}"
    cut = _ADJUNCT.search(rest)
    return (rest[: cut.start()].strip(), rest[cut.start() :]) if cut else (rest.strip(), "")


def _habit(name: str, predicate: str) -> Iterator[Claim]:
    match = _NOT.match(predicate)
    if match is None:
        return
    verb = stem(match["verb"].lower())
    stopped, negated = match["stopped"] or match["former"], match["not"]
    wording, behind = _object(match["object"] or "")
    thing = values.fold(wording)
    free = _FREE.match(behind) or (match["stopped"] and _FREE_WHEN_STOPPED.match(behind))
    if ((stopped or negated) and not free) or len(thing.split()) > 4:
        return
    if verb not in _HABIT_STEMS:
        if match["stopped"] and not match["verb"].endswith("ing"):
            # "I gave up coffee"
            thing = values.fold(f"{match['verb']} {thing}")
            for each in ("drink", "eat", "play", "use", "smoke"):
                yield Claim(name, f"do {stem(each)} {thing}", "+", ends=True, marked=True)
        return
    marked = bool(match["start"]) or (negated or "").lower() == "nolonger"
    if verb in _LIKING:
        hates = _LIKING[verb] == "-"
        if not thing or (negated and hates):
            return
        attribute, sign = f"like {thing}", "-" if negated or hates else "+"
    elif verb in (stem("have"), stem("own")):
        if not thing:
            return
        attribute, sign = f"have {thing}", "-" if negated else "+"
        if thing == "car" and negated:
            yield Claim(name, "car", "", ends=True, marked=True)
    else:
        attribute, sign = f"do {verb} {thing}".strip(), "-" if negated else "+"
    if stopped:
        yield Claim(name, attribute, "+", ends=True, marked=match["former"] is None)
    else:
        yield Claim(name, attribute, sign, marked=marked)


def _state(name: str, predicate: str) -> Iterator[Claim]:
    match = _ALLERGIC.match(predicate) or _TO_BE.match(predicate)
    if match is None:
        return
    cut = _END.search(match["what"], 1)
    wording = match["what"][: cut.start()] if cut else match["what"]
    what = values.fold(wording)
    negated = (match["not"] or "").lower()
    if 0 < len(what.split()) <= 5 and (not negated or _FREE.match(match["what"][len(wording) :])):
        yield Claim(name, f"be {what}", "-" if negated else "+", marked=negated == "nolonger")


def _compiled(rules: Sequence[Rule]) -> tuple[tuple[Rule, Pattern], ...]:
    return tuple((rule, Pattern(rule.pattern, re.IGNORECASE)) for rule in rules)


_PREDICATES = _compiled(_RULES)
_OWNS = _compiled(_OWN)
_THINGS = _compiled(_THING)
_TEAMS = _compiled(_TEAM)
_REQUESTS = _compiled(_REQUEST)
_LEADS = Pattern(
    (
        r"(?P<value>(?-i:[A-Z])[\w'-]+) (?:now )?(?:leads|owns|manages|maintains|heads"
        r"|runs) (?:now )?(?:the|our) (?P<what>\S.*)"
    ),
    re.IGNORECASE,
)
_IS_MY = Pattern(
    rf"(?P<value>(?-i:[A-Z])[\w.' -]{{1,30}}?) is (?:now )?my (?:new )?(?P<what>{_ROLE})$", re.IGNORECASE
)
_MY = Pattern(r"(?:my|our)\s+", re.IGNORECASE)
_DETERMINER = Pattern(r"(?:the|our|my|this|a)\s+", re.IGNORECASE)
_IT_IS = Pattern(r"(?:now )?it is (?:now |actually )?(?!not\b|nolonger\b)(?P<value>\S.*)", re.IGNORECASE)
_USES = Pattern(
    r"(?:use|uses|using|deploy (?:on|to)|run on|host on|hosted on|deployed on) (?P<value>\S.*)", re.IGNORECASE
)
_EMPTY_WORDS = words("new current present address all-time all time absolute the a an our my old")
_PHONE_WORDS = words("phone cell mobile number telephone cellphone")
_NOT_PHONES = words("account email e-mail iban id plate extension")
_SAME_WORDS = {
    "color": "colour", "movie": "film", "movies": "film", "show": "series", "e-mail": "email",
    "licence": "license",
    "db": "database", "repository": "repo", "hostname": "host", "meal": "food", "dish": "food",
    "singer": "artist",
}  # fmt: skip
_MOST_PREFERRED = 3
_HABIT_STEMS = frozenset(map(stem, _HABITS))
_LIKING = {stem(verb): sign for verb, sign in _LIKING_VERBS.items()}

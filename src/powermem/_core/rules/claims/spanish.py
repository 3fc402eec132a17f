"""Claims in Spanish statements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...patterns import Pattern
from ..sentences import phrases
from . import places, values
from .claim import SELF, Claim, Clauses, Rule
from .grammar import Grammar, compiled, habit, is_capitalized_name, judged_alike

_RELATIONS = {
    "hermana": "sister", "hermano": "brother", "madre": "mother", "mam\u00e1": "mother", "padre": "father",
    "pap\u00e1": "father",
    "esposa": "wife", "mujer": "wife", "esposo": "husband", "marido": "husband", "novia": "girlfriend",
    "novio": "boyfriend",
    "hija": "daughter", "hijo": "son", "padres": "parents", "jefe": "boss", "jefa": "boss", "amigo": "friend",
    "amiga": "friend",
    "compa\u00f1ero": "colleague", "compa\u00f1era": "colleague", "abuela": "grandmother",
    "abuelo": "grandfather", "t\u00eda": "aunt", "t\u00edo": "uncle",
    "prima": "cousin", "primo": "cousin", "vecino": "neighbour", "vecina": "neighbour", "perro": "dog",
    "gato": "cat", "pareja": "partner",
    "sobrina": "niece", "sobrino": "nephew",
}  # fmt: skip
_KIN = "|".join(sorted(_RELATIONS, key=len, reverse=True))
_OTHER = (
    rf"(?P<who>mi (?:mejor )?(?:{_KIN})(?: (?:mayor|menor|peque\u00f1[oa]))?(?: "
    rf"(?-i:[A-Z\u00c1\u00c9\u00cd\u00d3\u00da\u00d1])\w+)?|(?!(?-i:El|La|Los|Las|Mi|Un"
    rf"|Una|Ya|Su|Se|Yo|No)\b)(?-i:[A-Z\u00c1\u00c9\u00cd\u00d3\u00da\u00d1])\w+) "
)
_PARTS = {
    "I": (
        r"(?:(?:yo|nosotros|nosotras) )?(?:(?:ahora|actualmente|hoy en d\u00eda|ya"
        r"|todav\u00eda|al final|por fin|recientemente|hace poco|desde [\w ]+?|el (?:mes"
        r"|a\u00f1o) pasado|la semana pasada|ayer|en (?:enero|febrero|marzo|abril|mayo"
        r"|junio|julio|agosto|septiembre|octubre|noviembre|diciembre))(?:,)? (?:yo )?)*"
    ),
    "THEY": _OTHER,
    "A": (
        r"(?:(?:ahora|actualmente|ya|todav\u00eda|ayer|hace poco|recientemente|por fin"
        r"|finalmente|este a\u00f1o|el (?:mes|a\u00f1o) pasado|la semana pasada|hoy"
        r"|definitivamente|oficialmente) )*"
    ),
    "V": r"(?P<value>\S.*)",
    "NOW": r"(?:(?:ahora|ya|actualmente) )?",
}
_RULES = compiled(
    (
        Rule(
            "home",
            r"(?:<I>(?:vivo|vivimos|resido|residimos)|<THEY><NOW>(?:vive|viven|reside)) <A>en <V>",
            kind="place",
        ),
        Rule("home", r"<I>(?:estoy|estamos|sigo) viviendo <A>en <V>", kind="place"),
        Rule(
            "home",
            (
                r"(?:<I>(?:me mud\u00e9|nos mudamos|me he mudado|nos hemos mudado|me traslad\u00e9"
                r"|me he trasladado|nos trasladamos)|<THEY>(?:se mud\u00f3|se ha mudado|se "
                r"traslad\u00f3|se mudaron)) <A>(?:de (?P<former>\S+) )?a <V>"
            ),
            marked=True,
            kind="place",
        ),
        Rule(
            "home",
            r"(?:<I>ya no (?:vivo|vivimos|resido)|<THEY>ya no (?:vive|viven)) en <V>",
            ends=True,
            marked=True,
            kind="place",
        ),
        Rule(
            "home",
            r"(?:<I>(?:antes )?(?:viv\u00eda|viv\u00edamos)|<THEY>(?:antes )?viv\u00eda)(?: antes)? en <V>",
            ends=True,
            kind="place",
        ),
        Rule("home", r"<I>(?:sol\u00eda vivir) en <V>", ends=True, kind="place"),
        Rule(
            "employer",
            r"(?:<I>(?:trabajo|trabajamos)|<THEY><NOW>(?:trabaja|trabajan)) <A>(?:en|para) <V>",
            kind="firm",
        ),
        Rule("employer", r"<I>estoy trabajando <A>(?:en|para) <V>", kind="firm"),
        Rule(
            "employer",
            (
                r"(?:<I>(?:empec\u00e9|he empezado|comenc\u00e9|he comenzado|entr\u00e9)"
                r"|<THEY>(?:empez\u00f3|ha empezado|comenz\u00f3|entr\u00f3)) <A>a trabajar "
                r"<A>(?:en|para|con) <V>"
            ),
            marked=True,
            kind="firm",
        ),
        Rule(
            "employer",
            (
                r"(?:<I>(?:me un\u00ed|me incorpor\u00e9|me cambi\u00e9|me pas\u00e9|me he "
                r"incorporado)|<THEY>(?:se uni\u00f3|se incorpor\u00f3)) <A>(?:de (?P<former>\S+) "
                r")?a <V>"
            ),
            marked=True,
            kind="firm",
        ),
        Rule("employer", r"(?:<I>me contrat(?:aron|\u00f3)) <A>(?:en )?<V>", marked=True, kind="firm"),
        Rule(
            "employer",
            r"(?:<I>ya no trabajo|<THEY>ya no trabaja) (?:en|para) <V>",
            ends=True,
            marked=True,
            kind="firm",
        ),
        Rule(
            "employer",
            r"(?:<I>(?:antes )?trabajaba|<THEY>(?:antes )?trabajaba)(?: antes)? (?:en|para) <V>",
            ends=True,
            kind="firm",
        ),
        Rule(
            "employer",
            (
                r"<I>(?:dej\u00e9|he dejado|renunci\u00e9 a|perd\u00ed|he perdido) <A>(?:mi|el) "
                r"(?:trabajo|empleo|puesto)(?: en (?P<value>\S+))?"
            ),
            ends=True,
            marked=True,
        ),
        Rule(
            "employer",
            (
                r"<I>(?:renunci\u00e9|he renunciado|me despidieron|me han despedido|me jubil\u00e9"
                r"|me he jubilado|estoy en paro|estoy desemplead[oa])(?: de (?P<value>\S+))?"
            ),
            ends=True,
            marked=True,
        ),
        Rule("employer", r"<I>(?:dej\u00e9|he dejado|me fui de) <A><V>", ends=True, marked=True, kind="firm"),
        Rule("job", r"(?:<I>trabajo|<THEY>trabaja) <A>(?:de|como) <V>", marked=True, kind="job"),
        Rule("job", r"(?:<I>(?:soy)|<THEY>es) <A>(?:una? )?<V>", kind="trade"),
        Rule("name", r"(?:<I>me llamo) <A><V>", kind="name"),
        Rule("name", r"mi (?:nuevo )?nombre es <NOW><V>", kind="name"),
        Rule("age", r"(?:<I>tengo|<THEY><NOW>tiene) <A>(?P<value>\d{1,3}) a\u00f1os", kind="age"),
        Rule(
            "age",
            (
                r"(?:<I>(?:cumpl\u00ed|he cumplido)|<THEY>(?:cumpli\u00f3|ha cumplido)) <A>(?:los "
                r")?(?P<value>\d{1,3})(?: a\u00f1os)?"
            ),
            marked=True,
            kind="age",
        ),
        Rule(
            "partner",
            (
                r"mi (?:nuev[oa] )?(?:esposa|mujer|esposo|marido|novia|novio|pareja|prometid[oa]) "
                r"(?:se llama|es) <NOW><V>"
            ),
            kind="name",
        ),
        Rule(
            "partner",
            r"<I>(?:salgo|estoy saliendo|estoy) <A>(?:casad[oa] |comprometid[oa] )?con <V>",
            kind="name",
        ),
        Rule(
            "partner",
            (
                r"(?:(?:(?-i:[A-Z])\w+|mi \w+) y yo )?<A>(?:rompimos|terminamos|nos separamos|nos "
                r"divorciamos|hemos roto|nos hemos separado|ya no estamos juntos|lo dejamos)"
            ),
            ends=True,
            marked=True,
        ),
        Rule(
            "partner",
            (
                r"<I>(?:romp\u00ed|termin\u00e9|cort\u00e9|he roto|he cortado) <A>con (?:mi \w+"
                r"|(?P<value>(?-i:[A-Z])\w+))"
            ),
            ends=True,
            marked=True,
        ),
        Rule(
            "partner",
            (
                r"<I>(?:me divorci\u00e9|me he divorciado|me separ\u00e9|estoy solter[oa]|estoy "
                r"divorciad[oa])(?: .*)?"
            ),
            ends=True,
            marked=True,
        ),
        Rule(
            "status",
            (
                r"<I>(?:estoy|soy) <A>(?P<value>solter[oa]|casad[oa]|divorciad[oa]|viud[oa]"
                r"|comprometid[oa]|separad[oa])"
            ),
        ),
        Rule(
            "status",
            r"<I>(?:me|nos) (?P<value>cas\u00e9|he casado|casamos|hemos casado|divorci\u00e9|he divorciado)",
            marked=True,
        ),
        Rule(
            "{}",
            r"mi (?:nuev[oa] )?(?P<what>\w+ (?:de \w+ )?(?:favorit[oa]|preferid[oa])) <NOW>es <A><V>",
            kind="favourite",
        ),
        Rule(
            "{}",
            r"mi (?P<what>\w+ (?:favorit[oa]|preferid[oa])) ya no es <V>",
            ends=True,
            marked=True,
            kind="favourite",
        ),
        Rule("{}", r"mi (?P<what>\w+ (?:favorit[oa]|preferid[oa])) era <V>", ends=True, kind="favourite"),
        Rule(
            "{}",
            r"(?P<value>\S.{1,40}?) es <NOW>mi (?:nuev[oa] )?(?P<what>\w+ (?:favorit[oa]|preferid[oa]))",
            kind="favourite",
        ),
        Rule(
            "{}",
            (
                r"mi (?:nuev[oa] )?(?P<what>(?:n\u00famero(?: de (?:tel\u00e9fono|m\u00f3vil"
                r"|celular|trabajo|casa))?|tel\u00e9fono(?: del trabajo| de casa)?|m\u00f3vil"
                r"|celular|correo(?: electr\u00f3nico)?(?: del trabajo| personal)?|email"
                r"|direcci\u00f3n|c\u00f3digo postal)) (?:es|ha cambiado a|cambi\u00f3 a) <NOW><V>"
            ),
            kind="number",
        ),
        Rule(
            "{}",
            (
                r"mi (?:nuev[oa] )?(?P<what>dentista|m\u00e9dico|m\u00e9dica|doctora|doctor|jefe"
                r"|jefa|casero|casera|entrenador|entrenadora|terapeuta) (?:es|se llama) <NOW><V>"
            ),
            kind="name",
        ),
        Rule(
            "{} port",
            (
                r"(?:el|la|nuestr[oa]) (?P<what>\S+) (?:corre|escucha|funciona|est\u00e1) <NOW>en "
                r"el puerto (?P<value>\d+)"
            ),
        ),
        Rule(
            "{}",
            (
                r"(?:el|la|nuestr[oa]) (?P<what>(?:fecha (?:l\u00edmite|de entrega)|plazo"
                r"|contrase\u00f1a|rama|puerto|servidor|versi\u00f3n|presupuesto)(?: del? \w+)?) "
                r"(?:es|vence|est\u00e1) <NOW>(?:el |en )?<V>"
            ),
            kind="setting",
        ),
        Rule(
            "{}",
            (
                r"(?:el|la|nuestr[oa]) (?P<what>(?:fecha (?:l\u00edmite|de entrega)|plazo"
                r"|reuni\u00f3n|entrega)(?: del? \w+)?) (?:se (?:movi\u00f3|aplaz\u00f3|pospuso"
                r"|cambi\u00f3|ha movido|ha aplazado)) (?:del? (?P<former>\S+) )?(?:al?|para el) <V>"
            ),
            marked=True,
            kind="setting",
        ),
    ),
    **_PARTS,
)
_THINGS = {
    "comida": "food", "plato": "food", "color": "colour", "pel\u00edcula": "film", "libro": "book",
    "banda": "band", "grupo": "band", "canci\u00f3n": "song",
    "bebida": "drink", "deporte": "sport", "serie": "series", "equipo": "team", "cantante": "artist",
}  # fmt: skip
_NAMES = {
    **{
        f"{word} {ending}": f"favourite {name}"
        for word, name in _THINGS.items()
        for ending in ("favorito", "favorita", "preferido", "preferida")
    },
    "n\u00famero": "phone", "n\u00famero de tel\u00e9fono": "phone", "n\u00famero de m\u00f3vil": "phone",
    "n\u00famero de celular": "phone", "tel\u00e9fono": "phone",
    "m\u00f3vil": "phone", "celular": "phone", "n\u00famero de trabajo": "phone work",
    "tel\u00e9fono del trabajo": "phone work", "tel\u00e9fono de casa": "phone home",
    "n\u00famero de casa": "phone home", "correo": "email", "correo electr\u00f3nico": "email",
    "email": "email", "correo del trabajo": "email work",
    "direcci\u00f3n": "address", "dentista": "dentist", "m\u00e9dico": "doctor", "m\u00e9dica": "doctor",
    "doctor": "doctor", "doctora": "doctor", "jefe": "boss",
    "jefa": "boss",
}  # fmt: skip
_TRADE = Pattern(
    (
        r"(?:profesor|maestr|enfermer|ingenier|m\u00e9dic|abogad|cociner|contador|program"
        r"|desarrollador|arquitect|periodist|camarer|conductor|electricist|dise\u00f1ador"
        r"|gerente|director|estudiante|veterinari|farmac\u00e9utic|dentista|psic\u00f3log"
        r"|jefe de|jefa de|analista|consultor|vendedor|carpinter|mec\u00e1nic|polic\u00eda"
        r"|bomber)\w*"
    ),
    re.IGNORECASE,
)
_TIMES = (
    r"(?: (?:ahora|hoy en d\u00eda|desde .+|por .+|todos los d\u00edas|cada .+|nunca"
    r"|los \w+|mucho|a diario|a veces|por la ma\u00f1ana))?"
)
_NO_MORE = Pattern(
    (
        r"(?:yo )?(?:desde [\w ]+ )?ya no (?P<verb>\w+?)(?P<ending>o|emos|imos|amos)(?: "
        r"(?P<thing>[\w\u00e1\u00e9\u00ed\u00f3\u00fa\u00f1 ]+?))?(?: (?:ahora|desde .+|por "
        r"(?:salud|mi \w+|motivos .+|razones .+)))?$"
    ),
    re.IGNORECASE,
)
_STOPPED = Pattern(
    (
        r"(?:yo )?(?:por fin |ya |hace poco |el mes pasado |este a\u00f1o )?(?:dej\u00e9|he "
        r"dejado|par\u00e9) de (?P<verb>\w+?)(?:ar|er|ir)(?: "
        r"(?P<thing>[\w\u00e1\u00e9\u00ed\u00f3\u00fa\u00f1]+(?: "
        r"[\w\u00e1\u00e9\u00ed\u00f3\u00fa\u00f1]+)?))?(?: (?:ahora|hace .+|el .+|la .+|en "
        r".+|por .+))?$"
    ),
    re.IGNORECASE,
)
_FORMER = Pattern(
    r"(?:yo )?antes (?P<verb>\w+?)(?:aba|\u00eda)(?: (?P<thing>[\w\u00e1\u00e9\u00ed\u00f3\u00fa\u00f1]+))?$",
    re.IGNORECASE,
)
_DOES = Pattern(
    (
        rf"(?:yo )?(?P<verb>fum|beb|tom|com|jueg|jug|us|practic|conduzc|manej|hag|toc|corr"
        rf"|nad|bail|medit|escuch|le)o(?: (?P<thing>[\w\u00e1\u00e9\u00ed\u00f3\u00fa\u00f1]+"
        rf"(?: (?!todos|cada|por|desde|los|a\b|mucho)[\w\u00e1\u00e9\u00ed\u00f3\u00fa\u00f1]+)?))?{_TIMES}$"
    ),
    re.IGNORECASE,
)
_HAVE = Pattern(
    (
        r"(?:yo )?(?P<not>ya no |no )?tengo (?P<kind>una? |ning[u\u00fa]na? "
        r")?(?P<thing>[\w\u00e1\u00e9\u00ed\u00f3\u00fa\u00f1]+)$"
    ),
    re.IGNORECASE,
)
_SOLD = Pattern(
    (
        r"(?:yo )?(?:vend\u00ed|he vendido|regal\u00e9) mi "
        r"(?P<thing>[\w\u00e1\u00e9\u00ed\u00f3\u00fa\u00f1]+)(?: .*)?$"
    ),
    re.IGNORECASE,
)
_BE = Pattern(
    (
        r"(?:yo )?(?P<not>ya no |no )?(?:soy|estoy) (?:ahora "
        r")?(?P<thing>[\w\u00e1\u00e9\u00ed\u00f3\u00fa\u00f1]+(?: "
        r"[\w\u00e1\u00e9\u00ed\u00f3\u00fa\u00f1]+){0,2})$"
    ),
    re.IGNORECASE,
)
_LIKE = Pattern(
    (
        r"(?:a m\u00ed )?(?P<not>ya no |no )?me (?P<verb>gusta|gustan|encanta|encantan) "
        r"(?P<thing>.+?)(?: (?:ahora|mucho))?$"
    ),
    re.IGNORECASE,
)

_FRONTED = Pattern(
    (
        r"(?:ahora|actualmente|hoy en d\u00eda|desde [\w ]{2,25}|el (?:mes|a\u00f1o) pasado"
        r"|la semana pasada|ayer|hace poco|recientemente),? (?=(?:mi|nuestr[oa]|el|la|los"
        r"|las|nos|me|yo)\b)"
    ),
    re.IGNORECASE,
)


def _habits(clause: str) -> Iterator[Claim]:
    clause = clause.strip(" .!\u00a1")
    if match := _LIKE.match(clause):
        yield Claim(
            SELF,
            f"like {values.fold(match['thing'])}",
            "-" if match["not"] else "+",
            marked=(match["not"] or "").startswith("ya"),
        )
    elif match := _HAVE.match(clause):
        yield Claim(
            SELF,
            f"have {values.fold(match['thing'])}",
            "-" if match["not"] else "+",
            marked=(match["not"] or "").startswith("ya"),
        )
    elif match := _BE.match(clause):
        yield Claim(
            SELF,
            f"be {re.sub('[oa]$', '', values.fold(match['thing']))}",
            "-" if match["not"] else "+",
            marked=(match["not"] or "").startswith("ya"),
        )
    elif match := _NO_MORE.match(clause):
        yield Claim(SELF, habit(match["verb"], match["thing"]), "-", marked=True)
    elif match := _STOPPED.match(clause):
        yield Claim(SELF, habit(match["verb"], match["thing"]), "+", ends=True, marked=True)
    elif match := _FORMER.match(clause):
        yield Claim(SELF, habit(match["verb"], match["thing"]), "+", ends=True)
    elif match := _SOLD.match(clause):
        yield Claim(SELF, f"have {values.fold(match['thing'])}", "+", ends=True, marked=True)
    elif match := _DOES.match(clause):
        yield Claim(SELF, habit(match["verb"], match["thing"]), "+")


def _accepts(value: str, kind: str) -> bool:
    if (alike := judged_alike(value, kind)) is not None:
        return alike
    lower = value.lower()
    if kind == "place":
        if places.is_known(places.canonical(value)):
            return True
        return value[:1].isupper() and len(value.split()) < 5 and not any(char.isdigit() for char in value)
    if kind == "firm":
        return value[:1].isupper() and not places.is_known(places.canonical(value)) and len(value.split()) < 6
    if kind == "trade":
        return bool(_TRADE.match(lower))
    if kind == "name":
        return is_capitalized_name(value)
    if kind == "setting":
        return (
            any(char.isdigit() for char in value)
            or value[:1].isupper()
            or value
            in (
                "main",
                "master",
                "lunes",
                "martes",
                "mi\u00e9rcoles",
                "jueves",
                "viernes",
                "s\u00e1bado",
                "domingo",
            )
        )
    return len(value.split()) < 8


_GRAMMAR = Grammar(
    sentence=Pattern(
        r"(?<!\bDr)(?<!\bSr)(?<!\bSra)[.!?]+[\"\u00bb]?\s+|\s*[;\n\u00a1]\s*|\s+[-\u2013\u2014]+\s+"
    ),
    cut=Pattern(
        (
            r",?\s+(?:y|e|pero|porque|as\u00ed que|aunque)\s+(?!yo (?:rompimos|nos|terminamos"
            r"|lo|hemos|ya no))(?=(?:yo|mi|me|ya|ahora|trabajo"
            r"|vivo|tengo|soy|estoy|el|la|nos|no|nuestr[oa])\b)|,\s+(?=(?:yo|mi|me|ya|ahora"
            r"|trabajo|vivo|tengo|soy|estoy|nos|no)\b)"
        ),
        re.IGNORECASE,
    ),
    opener=Pattern(
        (
            r"(?:(?P<turn>en realidad|la verdad|no|perd\u00f3n|espera|correcci\u00f3n"
            r"|actualizaci\u00f3n|mejor dicho|de hecho|me equivoqu\u00e9)|(?:hola|s\u00ed|bueno"
            r"|pues|oye|ah|y|pero|por cierto|buenas noticias|gracias|ok|vale|lamentablemente"
            r"|desafortunadamente|por fin|recuerda))[,:!.\u2013-]+\s*"
        ),
        re.IGNORECASE,
    ),
    unreal=phrases(
        r"""
        si | ojal\u00e1 | quiz\u00e1s? | tal vez | a lo mejor | probablemente | podr\u00eda\w* | quisiera
        | quiero | queremos | quer\u00eda | me gustar\u00eda | me encantar\u00eda | vivir\u00eda\w*
        | tendr\u00eda\w*
        | trabajar\u00eda | comprar\u00eda | ser\u00eda | voy a | vamos a | va a | planeo | planeamos
        | pienso | estoy pensando | espero | so\u00f1\u00e9 | sue\u00f1o | imagina\w* | supongamos | supon
        | pr\u00f3xim[oa] | ma\u00f1ana | alg\u00fan d\u00eda | pronto | dice\w* | dijo | dicen
        | seg\u00fan | cree\w* | o\u00ed que | novela | en la pel\u00edcula | en el juego | personaje
        | casi | \w+r\u00e9 | mudar\u00e9\w*
        | me mudo | nos mudaremos | como si | solicitud | postul\w+
        """,
        before=r"(?<!\w)",
    ),
    history=phrases(
        (
            r"cuando (?:era|ten\u00eda|viv\u00eda|estaba) | de ni\u00f1[oa] | de joven | en mi "
            r"(?:infancia|juventud) | durante la (?:universidad|carrera) | en (?:aquella|aquel) "
            r"\w+"
        ),
        before=r"\b",
    ),
    beside=phrases(
        r"""
        tambi\u00e9n | adem\u00e1s | otr[oa] | segund[oa] | a veces | temporalmente
        | por (?:un[oa]?s?|dos|tres|\d+|el|la|este) (?:d\u00edas?|semanas?|mes|meses|verano|invierno|fin)
        | de vacaciones
        | los fines de semana | de visita | media jornada | medio tiempo | aparte | esta semana
        | casa de (?:verano|vacaciones|playa) | voluntari[oa] | ambos | ambas | de momento
        """,
        before=r"\b",
    ),
    mark=phrases(
        r"""
        ahora | ya | actualmente | hoy en d\u00eda | nuev[oa] | ayer | pasad[oa] | reciente\w*
        | hace (?:poco|un mes|dos semanas|una semana|unos d\u00edas)
        | desde (?:ayer|hoy|enero|febrero|marzo|abril|mayo|junio
        |julio|agosto|septiembre|octubre|noviembre|diciembre|el lunes|hace poco|la semana) | cambi\w+
        | me mud\u00e9 | dej\u00e9 | otra vez | de nuevo | por fin | este a\u00f1o | este mes
        | esta ma\u00f1ana
        """,
        before=r"\b",
    ),
    ago=Pattern(
        (
            r"\bhace (?:\d+|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|muchos|varios"
            r"|algunos|unos) a\u00f1os\b"
        ),
        re.IGNORECASE,
    ),
    self_words=Pattern(r"yo|nosotros|nosotras"),
    relations=_RELATIONS,
    rules=_RULES,
    end=Pattern(
        (
            r"(?:^|\s+)(?:con|desde|por|porque|y|pero|ahora|donde|que|cerca|hace|el (?:lunes"
            r"|martes|mi\u00e9rcoles|jueves|viernes|s\u00e1bado|domingo|pasado|\d+)|el mes|el "
            r"a\u00f1o|la semana|ayer|para|como|junto|actualmente|ya|este|esta|en|hoy|otra vez"
            r"|de nuevo|a partir|mientras|sin)\b|[,!:;](?=\s|$)|[.\s]*$"
        ),
        re.IGNORECASE,
    ),
    accepts=_accepts,
    names=_NAMES,
    habits=_habits,
    own_words=phrases("yo | mi | vivo | soy | tengo | estoy | me", before=r"\b"),
    normalize=lambda clause: _FRONTED.sub("", clause.strip(" .!\u00a1")),
    verb=Pattern(r"\b\w{2,}(?:o|a|e|an|en|\u00e9|\u00f3|\u00ed|mos|aba|\u00eda|do)\b", re.IGNORECASE),
)


def read(text: str) -> Clauses:
    """Return the claims of a text, clause by clause; see `english.read`."""
    return _GRAMMAR.read(text)

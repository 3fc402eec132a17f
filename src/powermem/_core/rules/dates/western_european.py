"""Days in German, Dutch, French, Spanish, Italian and Portuguese."""

from __future__ import annotations

from .day_words import DayWords

GERMAN = DayWords(
    own=r"ich|wir|mich|mir|mein\w*|habe|bin|ist|war|nicht|und|der|die|das|ein\w*|mit|zu|er|sie|was|wer|wo|wann"
    r"|gestern|vorgestern|heute|übermorgen|letzte\w?|vorige\w?|nächste\w?|kommende\w?",
    days={
        -2: "vorgestern",
        2: "übermorgen",
        -1: r"gestern(?:\s+(?:früh|morgen|mittag|nachmittag|abend|nacht))?|(?:letzte|vergangene)\s+nacht",
        0: r"heute(?:\s+(?:früh|morgen|mittag|nachmittag|abend|nacht))?",
        # Lower case only, or at the very beginning: "der Morgen" is the morning.
        1: r"(?-i:(?<!guten )(?<!jeden )(?<!am )(?<!diesen )morgen|\AMorgen)"
        r"(?:\s+(?:früh|mittag|nachmittag|abend|nacht))?",
    },
    units={
        "day": "tage?n?", "week": "wochen?", "weekend": "wochenenden?", "month": "monate?n?",
        "year": "jahre?n?",
    },
    weekdays="montag dienstag mittwoch donnerstag freitag (?:samstag|sonnabend) sonntag",
    before={
        "last": "(?:letzt|vorig|vergangen)e[nrms]?",
        "this": "diese[nrms]?",
        "next": "nächste[nrms]?",
        "this coming": "kommende[nrms]?",
    },
    after={},
    ago=r"vor\s+{}",
    ahead=r"in\s+{}",
    numbers="eine[mrn]? zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    months="Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    day="{day}. {month} {year}",
    month="{month} {year}",
    prefixes={"around": "um den", "week": "Woche vom", "weekend": "Wochenende vom"},
)  # fmt: skip
FRENCH = DayWords(
    own=r"je|j['\u2019]\w+|nous|on|il|elle|ils|elles|ai|suis|est|était|le|la|les|un|une|et|mon|ma|mes|avec|pour|tu|vous"
    r"|c['\u2019]\w+|que|qui|quoi|où"
    r"|aujourd['\u2019]hui|demain|avant-hier|après-demain|dernière?|prochaine?",
    days={
        -2: "avant-hier",
        2: r"après-demain",
        -1: r"hier(?:\s+(?:soir|matin|après-midi|midi))?|la\s+nuit\s+dernière",
        0: r"aujourd['\u2019]hui|ce\s+(?:soir|matin|midi)|cet(?:te)?\s+(?:après-midi|nuit)",
        1: r"demain(?:\s+(?:soir|matin|après-midi|midi))?",
    },
    units={
        "day": "jours?",
        "week": "semaines?",
        "weekend": "week-ends?",
        "month": "mois",
        "year": "ans?|années?",
    },
    weekdays="lundi mardi mercredi jeudi vendredi samedi dimanche",
    before={"this": r"cet(?:te)?|ce"},
    after={"last": r"derni(?:er|ère)|passée?", "this coming": r"prochaine?|qui\s+vient"},
    ago=r"il\s+y\s+a\s+{}",
    ahead=r"dans\s+{}",
    numbers="une? deux trois quatre cinq six sept huit neuf dix onze douze",
    months="janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    day="{day} {month} {year}",
    month="{month} {year}",
    prefixes={"around": "vers le", "week": "semaine du", "weekend": "week-end du"},
)
SPANISH = DayWords(
    own=r"yo|me|mi|mis|he|soy|estoy|fui|el|la|los|las|un|una|y|con|en|de|que|por|para|qué|quién|dónde|\w+[éí]"
    r"|ayer|anteayer|anoche|hoy|mañana",
    days={
        -2: r"anteayer|antier|antes\s+de\s+ayer",
        2: r"pasado\s+mañana",
        -1: r"ayer(?:\s+por\s+la\s+(?:mañana|tarde|noche))?|anoche",
        0: r"hoy|esta\s+(?:mañana|tarde|noche)",
        1: r"(?<!la )(?<!cada )(?<!una )mañana(?:\s+por\s+la\s+(?:mañana|tarde|noche))?",
    },
    units={
        "day": "días?", "week": "semanas?", "weekend": r"fin(?:es)?\s+de\s+semana", "month": "mes(?:es)?",
        "year": "años?",
    },
    weekdays="lunes martes miércoles jueves viernes sábado domingo",
    before={"last": "pasad[oa]", "this": "est[ea]", "this coming": "próxim[oa]"},
    after={"last": "pasad[oa]", "this coming": r"próxim[oa]|que\s+viene"},
    ago=r"hace\s+{}",
    ahead=r"dentro\s+de\s+{}",
    numbers="una? dos tres cuatro cinco seis siete ocho nueve diez once doce",
    months="enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    day="{day} de {month} de {year}",
    month="{month} de {year}",
    prefixes={"around": "hacia el", "week": "semana del", "weekend": "fin de semana del"},
)  # fmt: skip
ITALIAN = DayWords(
    own=r"io|mi|mio|mia|ho|sono|il|lo|la|gli|le|un|una|e|con|di|che|per|del|della|cosa|chi|dove"
    r"|ieri|oggi|domani|stasera|stamattina|dopodomani",
    days={
        -2: r"l['\u2019]altro\s*ieri|avantieri|altroieri",
        2: "dopodomani",
        -1: r"ieri(?:\s+(?:sera|mattina|pomeriggio|notte))?|la\s+notte\s+scorsa",
        0: r"oggi|stasera|stamattina|stamani|stanotte|questa\s+(?:mattina|sera)|questo\s+pomeriggio",
        1: r"domani(?:\s+(?:sera|mattina|pomeriggio|notte))?",
    },
    units={
        "day": "giorn[oi]", "week": "settiman[ae]", "weekend": r"fine\s+settimana|weekend",
        "month": "mes[ei]", "year": "ann[oi]",
    },
    weekdays="lunedì martedì mercoledì giovedì venerdì sabato domenica",
    before={"last": "scors[oa]", "this": "quest[oa]", "this coming": "prossim[oa]"},
    after={"last": "scors[oa]|passat[oa]", "this coming": "prossim[oa]"},
    ago=r"{}\s+fa",
    ahead=r"(?:tra|fra)\s+{}",
    numbers="un[oa]? due tre quattro cinque sei sette otto nove dieci undici dodici",
    months="gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    day="{day} {month} {year}",
    month="{month} {year}",
    prefixes={"around": "verso il", "week": "settimana del", "weekend": "fine settimana del"},
)  # fmt: skip
PORTUGUESE = DayWords(
    own=r"eu|meu|minha|fui|sou|estou|o|a|os|as|um|uma|e|com|em|de|que|por|para|no|na|quem|onde"
    r"|ontem|hoje|amanhã|anteontem",
    days={
        -2: "anteontem",
        2: r"depois\s+de\s+amanhã",
        -1: r"ontem(?:\s+(?:à|de)\s+(?:manhã|tarde|noite))?",
        0: r"hoje(?:\s+(?:à|de)\s+(?:manhã|tarde|noite))?|esta\s+(?:manhã|tarde|noite)",
        1: r"amanhã(?:\s+(?:à|de)\s+(?:manhã|tarde|noite))?",
    },
    units={
        "day": "dias?", "week": "semanas?", "weekend": r"fi(?:m|ns)\s+de\s+semana", "month": "m[êe]s(?:es)?",
        "year": "anos?",
    },
    weekdays="segunda(?:-feira)? terça(?:-feira)? quarta(?:-feira)? quinta(?:-feira)? sexta(?:-feira)? "
    "sábado domingo",
    before={"last": "últim[oa]", "this": "est[ea]|n?est[ea]", "this coming": "próxim[oa]"},
    after={"last": "passad[oa]", "this coming": r"próxim[oa]|que\s+vem"},
    ago=r"há\s+{}",
    ahead=r"daqui\s+a\s+{}",
    numbers="uma? (?:dois|duas) três quatro cinco seis sete oito nove dez onze doze",
    months="janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    day="{day} de {month} de {year}",
    month="{month} de {year}",
    prefixes={"around": "por volta de", "week": "semana de", "weekend": "fim de semana de"},
)  # fmt: skip
DUTCH = DayWords(
    own=r"ik|wij|mijn|heb|ben|het|een|en|naar|niet|hij|zij|wat|wie|waar"
    r"|gister\w*|eergisteren|vandaag|overmorgen|vorige?",
    days={
        -2: "eergisteren",
        2: "overmorgen",
        -1: r"gister(?:en)?(?:\s*(?:ochtend|middag|avond|nacht))?|afgelopen\s+nacht",
        0: r"vandaag|van(?:avond|middag|ochtend|morgen)",
        1: r"(?-i:(?<!goede )(?<!elke )(?<!de )morgen|\AMorgen)(?:\s*(?:ochtend|middag|avond|nacht|vroeg))?",
    },
    units={
        "day": "dag(?:en)?", "week": "weken|week", "weekend": "weekend(?:en)?", "month": "maand(?:en)?",
        "year": "jaar|jaren",
    },
    weekdays="maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    before={
        "last": "vorige?|afgelopen", "this": "deze|dit", "next": "volgende?", "this coming": "komende?"
    },
    after={},
    ago=r"{}\s+geleden",
    ahead=r"over\s+{}",
    numbers="(?:een|één) twee drie vier vijf zes zeven acht negen tien elf twaalf",
    months="januari februari maart april mei juni juli augustus september oktober november december",
    day="{day} {month} {year}",
    month="{month} {year}",
    prefixes={"around": "rond", "week": "week van", "weekend": "weekend van"},
)  # fmt: skip

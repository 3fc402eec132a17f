"""Whether a sentence may name a day in a language written in Latin letters, told in one pass.

Most sentences do not, and then the languages need not be tried one by one.
"""

from __future__ import annotations

import re

from ...patterns import Pattern
from ...text.prefilter import Prefilter

_HINT = Pattern(
    r"gestern|heute|\bmorgen|\bnacht\b|\bletzte|\bvorige|vergangene|\bdiese[nrms]?\b"
    r"|nächst|\bkommende"
    r"|\b(?:vor|in)\s+\S+\s+(?:tag|woche|monat|jahr)"
    r"|\bhier\b|aujourd|demain|\bce\b|\bcet(?:te)?\b|\bderni|prochain|il\s+y\s+a|\bdans\b"
    r"|passé|qui\s+vient"
    r"|\b(?:ante)?ayer\b|anoche|antier|\bhoy\b|mañana|pasad[oa]|próxim|que\s+v(?:iene|em)"
    r"|\best[ea]\b|\bhace\b"
    r"|\bdentro\b"
    r"|ieri\b|\boggi|domani|\bsta(?:sera|mattina|mani|notte)|\bscors[oa]|prossim"
    r"|\bquest[oa]\b|\bfa\b|\b[tf]ra\b"
    r"|passat[oa]|ontem|\bhoje\b|amanhã|passad[oa]|últim|\bhá\b|\bdaqui\b|\bnest[ea]\b"
    r"|gister|vandaag|\bvan(?:avond|middag|ochtend|morgen)|afgelopen|volgende|\bdeze\b"
    r"|\bdit\b|geleden"
    r"|\bover\s+\S+\s+(?:dag|we[ek]|maand|jaar)"
    r"|wczoraj|\bdziś|\bdzisiaj|\bjutro|pojutrze|\btemu\b|zeszł|ubiegł|przyszł|następn"
    r"|\bza\s+\S+\s+(?:dni|tyg|mies|lat|rok)"
    r"|\bza\s+(?:tydz|mies|rok)"
    r"|\bi\s?(?:går|dag|kväll|kveld|aften|morgon|morgen|natt?|fjol|fjor|förrgår|forgårs"
    r"|overmorgen|övermorgon)\b|förra|\bnästa"
    r"|\bsidste|\bforrige|\bnæste|\bneste|\bsiste\b|\bsed[ae]n\b|\bsiden\b"
    r"|včera|zítra|\bdnes|předevčírem|pozítří|minul|příští|\bloni|před\s"
    r"|\bdün\b|\bbugün|\byarın|\bgeçen|geçtiğimiz|\bönce|önümüzdeki|gelecek|\bsonra"
    r"|evvelsi|öbür|bu\s+(?:akşam|sabah|gece|hafta)"
    r"|alaltăieri|\baseară|\bazi\b|astăzi|mâine|trecut|viito|\bacum\s|\bpeste\s"
    r"|kemarin|\bbesok|\blusa\b|\blalu\b|\bdepan\b|hari\s+ini|semalam|tadi\s"
    r"|\beilen|tänään|huomen|toissapäivänä|\bviime|\bensi\b|\bsitten\b"
    r"|tegnap|holnap|\bmúlt\b|\bjövő|ezelőtt|\bmúlva|tavaly"
    r"|\bhôm\s|ngày\s|\btrước|tối\s|\bmai\b|\bsau\b|\btới\b|\bnay\b",
    re.IGNORECASE,
)
# The expression takes 0.2 ms for a question, and this 10 µs.
_MAY_MATCH = Prefilter(
    words="""
nacht diese diesen dieser diesem dieses hier ce cet cette y dans ayer anteayer hoy este esta hace dentro
questo questa fa tra fra hoje há daqui neste nesta deze dit over temu za går dag kväll kveld aften
morgon nat natt fjol fjor förrgår forgårs övermorgon igår idag ikväll ikveld iaften imorgon inat inatt
ifjol ifjor iförrgår iforgårs iövermorgon siste sedan seden siden dün azi acum peste lusa lalu depan
ensi sitten múlt hôm mai sau tới nay
""",
    parts="""
gestern heute morgen letzte vorige vergangene nächst kommende tag woche monat jahr aujourd demain derni
prochain passé vient anoche antier mañana pasad próxim viene vem ieri oggi domani stasera stamattina
stamani stanotte scors prossim passat ontem amanhã passad últim gister vandaag vanavond vanmiddag
vanochtend afgelopen volgende geleden wczoraj dziś dzisiaj jutro zeszł ubiegł przyszł następn förra
nästa sidste forrige næste neste včera zítra dnes předevčírem pozítří minul příští loni před bugün yarın
geçen geçtiğimiz önce önümüzdeki gelecek sonra evvelsi öbür akşam sabah gece hafta aseară astăzi mâine
trecut viito kemarin besok hari semalam tadi eilen tänään huomen toissapäivänä viime tegnap holnap jövő
ezelőtt múlva tavaly ngày trước tối pojutrze
""",
)


def may_name_a_day(sentence: str) -> bool:
    """Return whether a sentence has a word by which some language names a day, a week, a month or a year."""
    return _MAY_MATCH.allows(sentence) and _HINT.search(sentence) is not None

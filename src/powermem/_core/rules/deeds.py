"""What an assistant did for the user, and what it reports of their affairs: "Your ferritin is 12"."""

from __future__ import annotations

import re

from ..patterns import Pattern
from .sentences import Reading, phrases, read_assistant

__all__ = ["read"]

_OPENER = phrases(
    r"""
    done | ok | okay | sure | sure thing | great | great news | good news | alright | all right | all set
    | all done | certainly | of course | no problem | no worries | got it | agreed | understood | absolutely
    | perfect | success | sorry | thanks | thank you | yes | right | so | also | and | finally | update
    | hi | hello
    | welcome back | fixed
    """,
    after=r"\s*[,.!:;\u2014\u2013-]+\s*",
)
_VERBS = r"""
    (?:re)?booked | reserved | (?:re)?scheduled | ordered | re-?ordered | cancell?ed | purchased | bought
    | paid
    | registered | enrolled | subscribed | unsubscribed | signed you | sent | re-?sent | emailed
    | e-mailed | texted
    | submitted | renewed | transferred | refunded | credited | charged | shipped | re-?shipped | dispatched
    | replaced | exchanged | extended | upgraded | downgraded | activated | deactivated | enabled | disabled
    | unlocked | blocked | reset | escalated | forwarded | opened | closed | filed | reported | logged
    | created | added | removed | deleted | renamed | moved | copied | fixed | patched | resolved | repaired
    | updated | changed | switched | replaced | refactored | rewrote | rewritten | migrated | installed
    | uninstalled | configured | set up | set | deployed | redeployed | rolled back | reverted | merged
    | rebased | pushed | committed | tagged | released | published | posted | uploaded | downloaded
    | saved | stored | archived | backed up | restored | exported | imported | scheduled | blocked off
    | invited | assigned | marked | pinned | bumped | turned (?:on|off) | lowered | raised | increased
    | reduced | applied | issued | waived | confirmed | translated | converted | generated | printed
    | called | contacted | messaged | notified | started | stopped | restarted | launched | played | queued
    | ran | run | tested | verified
"""
_I_DID = phrases(
    _VERBS,
    before=r"(?:i(?:'ve| have)(?: just| now| already| also| successfully)* "
    r"|i (?:just |also |already |now |successfully )?"
    r"|we(?:'ve| have)(?: just| now| already| also)* )",
)
_IS_DONE = phrases(
    _VERBS,
    before=r"(?:your(?: [#\w'./()-]+){1,7}? (?:is|are|was|were|has been|have been)"
    r"|(?:the|an?|order|ticket|case|reminder)(?: [#\w'./()-]+){1,7}? (?:has been|have been|is now|are now))"
    r"(?: now| already| successfully| also| all| fully)* ",
)
# Not for what stands in the reply itself: "I've added comments to the code below".
_IN_REPLY = phrases(
    r"""
    below | above | following | here(?:'s| is| are)? | sample | example\w* | template | outline
    | suggestions? | tips
    | steps? | (?:this|these|that|those) | draft | for clarity | (?:a|this|new|improved|updated
    |revised) version | explanations? | sections?
    | paragraphs?
    | sentences? | essay | placeholders? | your question | confusion | assum\w+
    """,
    before=r"\b",
)
# "Your flight on Monday leaves at 9:40", "Your ferritin is 12".
_YOURS = phrases(
    r"""
    is | are | was | were | has | have | will | leaves | departs | arrives | lands | expires | renews
    | starts | begins
    | ends | costs | comes to | amounts to | reads | shows | weighs | went | rose | fell | increased
    | decreased
    """,
    before=r"your (?!(?:best|approach|plan|code|idea|question|point|goal|choice|answer|reasoning|concern"
    r"|feelings?|problem|issue|solution|essay|writing|query|function|style|strategy|next|first|main|only|other|own"
    r"|request|message|understanding|assumption)\b)(?:[\w#'./-]+ ){1,6}?",
)
_MEASURED = Pattern(
    r"\d|\b[A-Z][a-z]+|\b(?:due|ready|late|delayed|overdue|positive|negative|normal|low|high|valid)\b"
)
_ADVICE = phrases(
    """
    should | could | would | can | may | might | need to | must | if | try | recommend | suggest | consider
    | ensure
    """,
    before=r"\b",
)
_RECOMMENDS = Pattern(
    r"(?:(?:i|i'd|i would|i can|we)(?: highly| really| definitely| warmly)? (?:recommend|suggest)"
    r"|you (?:might|may|would|could|'d) (?:like|love|enjoy)|how about|try)"
    r"(?: reading| watching| visiting| trying| listening to)? "
    r"(?!(?:the|a|an|that|to|you|it)\b (?!(?-i:[A-Z])))[\"\u201c]?(?:the )?(?-i:[A-Z0-9])",
    re.IGNORECASE,
)
_MOST_SENTENCES = 4


def read(sentence: str, *, sentences: int) -> Reading | None:
    """Classify a sentence of an assistant: ``"I've booked table 4 for Friday."`` is an event; advice is
    not.

    Args:
        sentence: one sentence as written.
        sentences: how many its message has. A long reply explains; it reports nothing of the user's.
    """
    core = _core(sentence)
    plain = core.replace("\u2019", "'")
    if plain.endswith(("?", "\uff1f")) or len(plain.split()) < 3:
        return None
    if _IN_REPLY.search(plain) is None and _I_DID.match(plain):
        return Reading(core, "event")
    if sentences <= _MOST_SENTENCES and (_reports(plain) or _RECOMMENDS.match(plain)):
        return Reading(core, "event" if _IS_DONE.match(plain) else "fact")
    return read_assistant(core)


def _reports(plain: str) -> bool:
    if _IS_DONE.match(plain):
        return _IN_REPLY.search(plain) is None
    mine = _YOURS.match(plain)
    return (
        mine is not None and _ADVICE.search(plain) is None and _MEASURED.search(plain, mine.end()) is not None
    )


def _core(sentence: str) -> str:
    start = 0
    plain = sentence.replace("\u2019", "'")
    while match := _OPENER.match(plain, start):
        start = match.end()
    core = sentence[start:].strip()
    return core[0].upper() + core[1:] if start and core[:1].islower() else core

"""What is said but not meant: suppositions, wishes, exaggeration, irony, jokes."""

from __future__ import annotations

import re

from ..patterns import Pattern
from .sentences import phrases

__all__ = ["begins_play", "begins_tale", "ends_fiction", "is_ironic", "is_unreal", "takes_back"]

# "Suppose I had a dog".
_SUPPOSED = phrases(
    r"""
    (?:just |let's |but |so |and )*(?:suppose|supposing|imagine|imagining|assume|assuming|pretend|picture)
    | let's (?:say|assume|suppose|imagine|pretend) | let us (?:say|assume|suppose) | say (?:i|we|you)
    | what if
    | hypothetically | theoretically | in theory | in (?:a perfect|an ideal|another|a parallel) (?:world
    |life
    |universe) | if only | (?:i|we) wish | wish (?:i|we) | wishing (?:i|we)
    | (?:last night )?(?:i|we) (?:had a (?:\w+ )?(?:dream|nightmare)|dreamt|dreamed)
    | in my (?:\w+ )?(?:dreams?|nightmare|fantasy|novel|story|game|book|screenplay|script)
    | (?:i|we)(?:'d| would| could| should| might) (?:never |probably |have |really )*have \w+
    | if i had a (?:dollar|penny|euro|nickel|dime|pound)
    """
)
# "If I won the lottery I would buy a castle", but not "If it rains we'll stay at home".
_IF = phrases("if | unless | even if | as long as | only if", before=r"\b")
_UNREAL = phrases(
    r"""
    (?:i|we|you|he|she|it|they)'d (?!better|like|rather|love to (?:know|hear)) | would(?:n't)?
    | could(?:n't)?
    | might | if (?:i|we|he|she|it|they) (?:were|won|was|ever) | had i
    """,
    before=r"\b",
)
_EXAGGERATED = phrases(
    r"""
    (?:could|can) eat a (?:horse|cow|whale|elephant) | could sleep for (?:a|days|weeks|years)
    | (?:a|like a|literally a|about a)? ?(?:million|billion|trillion|thousand|hundred|gazillion|zillion
    |bajillion)
    (?:times|things|years|reasons|questions|errands)
    | (?:gazillion|zillion|bazillion|bajillion)s? | dying (?:of|from) (?:laughter|laughing|boredom|hunger
    |thirst|embarrassment|curiosity|shame|heat|cold) | (?:i'm|i am|im) (?:literally |so\s
    |absolutely )?(?:dying
    |dead|starving to death|melting|freezing to death)\b(?! (?:of cancer|from cancer))
    | (?:bored|scared|worked|laughed) (?:me )?(?:to death|to tears|half to death)
    | (?:laughed|laughing|worked|working|cried|crying|freezing|froze) my (?:\w+ )?(?:head|butt|ass|eyes
    |socks) (?:off|out)
    | head (?:is|was|'s)? ?(?:going to|gonna|about to|will) explode | (?:took|taking|takes|waited|waiting
    |been)
    (?:literally )?(?:forever|an eternity|a lifetime|a century)
    | (?:my \w+|he|she|they)(?:'s| is| are| will|'ll)? (?:going to |gonna )?kill me
    | (?:i'd|i would|i could|i'll|could|would|i'm gonna|i'm going to) (?:literally |just )?(?:kill|murder
    |die|give my right arm|sell my soul)
    (?:for|if|someone|somebody|him|her|them|of) | weighs? a ton | slept in (?:years|a century|weeks)
    | older than (?:dirt|time) | the end of the world | best (?:day|thing) ever | worst (?:day|thing) ever
    | to the moon and back | since the dawn of time | cried? (?:a river|me a river)
    """,
    before=r"\b",
)
_IRONIC = phrases(
    r"""
    (?:oh,? |well,? )?(?:yeah|yea|yep|sure|right|yes)[,.!]? (?:right|sure|because|like)(?! (?:i (?:do|am
    |have)|now|here))
    | (?:oh,? |well,? )?(?:sure|right), (?:because|and i'm|like) | as if i | oh,? (?:joy|goody
    |great, another)
    | just what (?:i|we) (?:needed|wanted) | (?:great|wonderful|fantastic|lovely|perfect), (?:just what
    |another|now my)
    | (?:and|then) i'm (?:the )?(?:queen|king|pope|santa|batman|elvis|the president)
    | i'm (?:the )?(?:queen of|king of england|pope\b|santa claus|batman|superman|elvis)
    """
)
_MARKED_IRONY = Pattern(r"(?:\s|^)/s\W*$")
# "Just kidding": what was said before is taken back.
_JOKE = phrases(
    r"""
    (?:(?:i'm|im|i am|i was|just|only|totally|haha\w*|lol|ok|okay|no|nah|nope|but)[,!.]? )*(?:kidding|joking
    |jk|j/k|messing with you|pulling your leg|teasing) | (?:it|that|this)(?:'s| is| was) (?:just\s
    |only )?a joke
    | said (?:no one|nobody) ever | april fools?
    | not\s*!+$ | psych\s*!* | sike | joke['s]* on | (?:that|it)(?:'s| was) (?:a lie|sarcasm|not true)
    | (?:that|it) was sarcastic | sarcasm | (?:none of )?that (?:is|was)n't true | i made that up
    """,
    after=r"(?!\w)",
)
_TAIL_JOKE = phrases(
    "(?:just|only|i'm|im) (?:kidding|joking) | jk | j/k | not really | said (?:no one|nobody) ever",
    before=r"[,;.!\u2014\u2013(\s-]\s*",
    after=r"(?: (?:lol|haha\w*|of course))?\W*$",
)
_PLAY = phrases(
    r"""
    (?:let's|let us|can we|could we|shall we|i want to|i'd like to|we're going to|i'm going to)
    (?:\w+ )?(?:role-? ?play|pretend|play (?:a|the) (?:game|scene|role|scenario)
    |do a (?:role-? ?play|skit|scene)) | role-? ?play | pretend (?:that|to|you|i|we|this)
    | in this (?:story|scenario|scene|role-? ?play|game)
    """,
    before=r"(?:ok(?:ay)?,? |please,? |so,? |now,? )*",
)
# What follows in the same message is material for it.
_TALE = phrases(
    r"""
    (?:here's|here is) (?:a|the|my) (?:scene|character|story|poem|lyric\w*)
    | (?:can you |could you )?(?:write|compose|invent|make up|tell me) (?:me )?(?:a|an
    |the) (?:\w+ ){0,3}(?:story
    |poem|song|scene|dialogue|monologue|script|novel|sketch|fairy ?tale|limerick|haiku)
    """,
    before=r"(?:ok(?:ay)?,? |please,? |so,? |now,? )*",
)
_REAL_AGAIN = phrases(
    r"""
    (?:end|stop|pause|leave|exit|enough|no more)(?: of)?(?: (?:the|this|our))? (?:role-? ?play|game|scene
    |story|pretending)
    | (?:back to|in) (?:reality|real life) | out of character | (?:ok(?:ay)?,? )?(?:enough|stop
    |that was fun|game over)
    | for real now | seriously(?: now)?, | ooc\b
    """,
    before=r"(?:ok(?:ay)?,? |so,? |now,? |let's )*",
)
_QUOTED = Pattern(
    r"[\"\u201c].{12,}[\"\u201d](?:\s*[-\u2014\u2013(].{1,60})?[.!]?$|[\u266a\u266b\U0001f3b5\U0001f3b6]"
)
_NEVER_SAID = Pattern(r"\bsaid (?:no ?one|nobody) ever\b", re.IGNORECASE)


def is_unreal(plain: str) -> bool:
    """Return whether a sentence supposes, wishes, exaggerates, jokes or quotes rather than states.

    Args:
        plain: the sentence with straight apostrophes, without words that only open it.
    """
    if _SUPPOSED.match(plain) or _IRONIC.match(plain) or _MARKED_IRONY.search(plain):
        return True
    if _EXAGGERATED.search(plain) or _QUOTED.match(plain) or _TAIL_JOKE.search(plain):
        return True
    return _IF.search(plain) is not None and _UNREAL.search(plain) is not None


def is_ironic(plain: str) -> bool:
    """Return whether a sentence as written, openers included, says the opposite of what it means."""
    return _IRONIC.match(plain) is not None


def takes_back(plain: str) -> bool:
    """Return whether a sentence says that the one before was a joke."""
    return _JOKE.match(plain) is not None or _NEVER_SAID.search(plain) is not None


def begins_play(plain: str) -> bool:
    """Return whether the turns after a sentence are a role that somebody plays."""
    return _PLAY.match(plain) is not None


def begins_tale(plain: str) -> bool:
    """Return whether the rest of a message belongs to a story or a poem."""
    return _TALE.match(plain) is not None


def ends_fiction(plain: str) -> bool:
    """Return whether a sentence ends the play that one before it began."""
    return _REAL_AGAIN.match(plain) is not None

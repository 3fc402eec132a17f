"""English phrases of statements: whom they are about, and what kind of thing they say."""

from __future__ import annotations

import re

from ..text import terms
from .patterns import phrases

SUBJECT = phrases(
    "i | i'm | i've | i'd | i'll | im | ive | we | we're | we've | we'd | we'll | my | ^our", before=r"\b"
)
USER = re.compile(r"(?:the )?user\b", re.IGNORECASE)
# "Just got back from Rome": the subject is left out.
ELLIPTIC = phrases(
    r"""
    went | got | started | finished | lost | bought | took | saw | met | visited | had | joined | moved
    | signed | found | tried | watched | ran | won | attended | decided | picked | adopted | learned
    | learnt | quit | graduated | passed | booked | planned | made | built | cooked | painted | played
    | wrote | gave | spent | celebrated | hosted | returned | came | been (?:\w+ing|to|busy|into)
    | planning | trying to | hoping to | going to | gonna | working | studying | training | volunteering
    | living | thinking (?:about|of) | looking (?:for|into|forward) | can't (?:wait to|eat|stand)
    | need to | gotta | wanna | want to | hate | prefer | allergic to
    """,
    before="(?:(?:just|recently|finally|already|currently|still|also|mostly|usually) )?",
)
# What it speaks of was said before.
ELSEWHERE = phrases(
    """
    (?:he|she|it|they|his|her|its|their|that|this|these|those|there|here|which|who|the one|one|both|some
    |all) | (?:he|she|it|they|that|this|there|here|what)'[a-z]+
    """
)
CONTINUES = phrases(
    "he | she | they | it | his | her | their | its",
    after=r"(?:'[a-z]+)?\b(?! (?:sounds|looks|seems|must)\b)",
)
PERSON = phrases("he | she | his | her")
DEICTIC = phrases(
    "you | your | it | them | this | that | these | those | there | here",
    before=r"\b",
    after=r"\b(?! (?:i|we|my|is|was|are)\b)(?!'s\b)",
)
# "Favourite colour: blue".
PAIR = re.compile(r"\w[\w '/-]{0,40}:\s+\S")
VERB = phrases(
    r"""
    is | are | was | were | am | has | have | had | will | can | can't | could | would | should | must
    | does | doesn't | did | didn't | isn't | aren't | wasn't | weren't | won't | went | got | made | took
    | saw | met | bought | came | gave | ran | won | lost | found | left | wrote | read | built | grew
    | knew | began | became | felt | said | told | chose | [a-z]{2,}ed | [a-z]{2,}(?<![sui])s
    """,
    before=r"\b",
)

_FAMILY = r"""(?:wife|husband|spouse|partner|girlfriend|boyfriend|fianc[e\u00e9]e?|mom|mum|mother|dad
    |father|parents?|sons?|daughters?|kids?|child(?:ren)?|bab(?:y|ies)|brothers?|sisters?|siblings?
    |twins?|grand(?:ma|pa|mother|father|parents?|son|daughter|kids?)|aunt|uncle|cousins?|niece|nephew
    |family|in-laws?|step\w+|roommates?|flatmates?|friends?|boss|manager|colleagues?|co-?workers?
    |teacher|mentors?|neighbou?rs?|dogs?|cats?|pupp(?:y|ies)|kittens?|pets?|ex)"""
_KEPT = r"""(?:dogs?|pupp(?:y|ies)|cats?|kittens?|birds?|parrots?|budgies?|horses?|pon(?:y|ies)|rabbits?
    |hamsters?|gerbils?|guinea pigs?|turtles?|tortoises?|snakes?|lizards?|hens?|chickens?|goats?|sheep|cows?
    |bees|fish|pets?|cars?|bikes?|bicycles?|motorbikes?|motorcycles?|scooters?|vans?|trucks?|boats?|yachts?
    |houses?|flats?|apartments?|cottages?|cabins?|gardens?|farms?|pianos?|guitars?|violins?|tattoos?)"""
_TRADE = r"""(?:\w{3,}(?:er|or|ist|ian|eer|ant)|student|nurse|chef|cook|pilot|lawyer|analyst
    |freelance\w*|parent|mom|mum|dad|coach|intern|native|refugee|ceo|cto)"""

INSTRUCTION = phrases(
    r"""
    (?:always|never) (?!(?:mind|say|been|had|have|thought|liked|was|were|a|the|too|happy|glad|here|good
    |great)\b)[a-z]+ | from now on | going forward, | in (?:the )?future, | (?:call|address|remind) me
    | refer to me | (?:don't|do not) (?:ever|call me|mention|address|remind me)
    | (?:respond|reply|answer|speak|talk|write) to me
    | (?:respond|reply|answer) (?:only )?(?:in|with|using|briefly|concisely)
    | i(?:'d like| want| would like) you to (?:always|never)
    | you (?:should|must|can) (?:always|never|call me)
    | (?:forget|delete|erase) (?:that i|my|what i|everything|the (?:fact|memory))
    """,
    before="(?:please )?",
)
IDENTITY = phrases(
    rf"""
    (?:my|user|user's) (?:(?:full|first|last|middle|nick|real|legal) ?)?name(?:'s| is|:)
    | my (?:birthday|birth date|date of birth|age|pronouns|nationality|hometown|home town|native language
    |mother tongue|job|occupation|profession|address|email|e-mail|phone|phone number|number|time ?zone
    |religion|blood type)(?: is|'s|:)
    | i(?:'m| am) (?:\d{{1,3}} (?:years|yrs|yo)|called|named|from|based in|originally|bisexual|gay|lesbian
    |trans\w*|diabetic)
    | (?:i|we|user) (?:currently |now |also |still )?(?:live|lives|work|works|study|studies) (?:in|at|for
    |as|near) | (?:i|user) (?:was born|grew up|identify as|identifies as|speak|speaks)
    | i(?:'m| am) (?:currently |now |also )?(?:working|living|studying) (?:in|at|for|as)
    | (?:i(?:'m| am)|user is|(?:work|works
    |working) as) (?:also |now |currently |just )?an? (?:[\w+#-]+ ){{0,2}}{_TRADE}
    """,
    before=r"\b",
)
PLAN = phrases(
    r"""
    (?<!been )(?<!was )(?<!were )going to (?!the (?:gym|beach)|school|church|work)[a-z]+ | gonna
    | planning | plans? (?:to|on|for|is) | (?:i|we|user)(?:'ll| will) | wants? to | wanna
    | hop(?:e|es|ing) to | intends? to | (?:i|we)(?:'d| would) (?:really )?(?:like|love) to
    | thinking (?:of|about) | looking forward | considering | can't wait to | dream(?:ing|s)? (?:of|is|to)
    | aims? to | my (?:\w+ )?goals? (?:is|are) | tomorrow
    | next (?:week|weekend|month|year|summer|spring|fall|autumn|winter|\w+day) | upcoming | scheduled
    | appointment | deadline
    | (?:i'm|we're) (?:flying|leaving|moving|getting married|starting|visiting|meeting|hosting|launching
    |opening|performing|attending|joining)
    """,
    before=r"\b",
)
PREFERENCE = phrases(
    r"""
    likes | (?:i|we|they|also|really|just|do|don't|didn't|kids) like | loves | loved (?!one)
    | (?:i|we|they|also|really|just|always|absolutely|do|would) love | enjoys? | enjoyed | prefers?
    | preferred | preferences? | hates? | hated | dislikes? | adores? | can't stand | favou?rites?
    | fond of | fan of | keen on | (?:am|'m|really|so|very|been) into | passionate | allerg\w+
    | intolerant | obsessed | rather | interested in | vegan | vegetarian | pescatarian
    | no longer (?:eat|drink|like|use|want|enjoy|smoke)\w*
    | (?:don't|doesn't|do not|does not|never) (?:really )?(?:eat|drink|like|smoke|care for|enjoy|want)\w*
    | (?:stopped|quit) (?:eating|drinking|smoking|using) | gave up | used to (?:like|love|enjoy|hate)
    """,
    before=r"\b",
)
RELATIONSHIP = phrases(
    rf"""
    (?:my|our|user's) (?:[\w-]+ )?{_FAMILY}
    | (?:have|has|had|got) (?:an?|one|two|three|four|five|\d|no|some) (?:[\w-]+ ){{0,2}}{_FAMILY}
    | i(?:'m| am) (?:married|engaged|divorced|single|dating|widowed|separated|pregnant|an only child)
    """,
    before=r"\b",
)
# "I own a boat" has one word of its own, and says all there is to say. Of what one may "have", only things
# that stay: not a question or a minute.
POSSESSION = phrases(
    rf"""
    (?:i|we|user) (?:also |still |now )?owns? | (?:i|we) (?:also |now )?co-?own
    | (?:i|we|i've|we've|user) (?:also |now )?(?:have|has|got|have got|has got)
    (?:an?|one|two|three|four|five|\d+|no)
    (?:[\w-]+ )?(?:{_FAMILY}|{_KEPT})
    """,
    before=r"\b",
)
PAST = phrases(
    r"""
    went | got | made | took | saw | met | bought | came | gave | ran | won | lost | found | left | wrote
    | built | grew | began | became | chose | quit | ago | yesterday
    | last (?:week|weekend|month|year|night|\w+day)
    | (?:^|(?:i|we|he|she|they|user|who|and) )(?:(?:just|also|even|finally|recently|already|really|never
    |always|once|both|all) )?(?:was|were|had|did|[a-z]{2,}ed)
    """,
    before=r"\b",
)
# In this order: the first that matches names the kind.
KIND_PATTERNS = (
    ("identity", IDENTITY),
    ("plan", PLAN),
    ("preference", PREFERENCE),
    ("relationship", RELATIONSHIP),
    ("event", PAST),
)

# Terms that any chat is full of; a sentence of nothing else says nothing.
GENERIC = frozenset(
    terms(
        """
        great good nice cool awesome amazing wonderful beautiful lovely fantastic incredible glad happy
        sorry excited hear sound feel feeling know think thing things stuff thank love like hope see look
        forward wait guess mean sure totally absolutely true right wow fun time day way lot lots kind sort
        bit something everything anything someone make made get got gets go going went come keep try want
        need tell say said talk chat share support proud inspiring inspired appreciate idea really much
        big best better always super pretty special nothing anyone everyone people life moment journey
        give take find help helps world powerful important meaningful matter mind rewarding relaxing
        peaceful please even still well maybe definitely actually though already today okay ok experience
        truly reminder enough long new hard tough difference change positive motivated motivation
        happiness joy joyful grateful thankful passion dream dreams goal goals awe sense strength strong
        stronger blessed worth progress believe understand challenge challenging step easy stay felt
        incredibly extremely fulfilled fulfilling accept accepted connected determined encouraging
        encourage cherish embrace energy effort possible push pushing resilience courage hopeful peace
        memory memories remember ride crazy perfect impressed thrilled moving ways bring brings vibe vibes
        connection
        """
    )
)

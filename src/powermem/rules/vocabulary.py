"""The English phrases by which statements are told from talk, and one kind of statement from another."""

from __future__ import annotations

import re

from ..text import terms


def _phrases(text: str, *, before: str = "", after: str = r"\b") -> re.Pattern[str]:
    """Compile alternatives written over several lines; spaces around ``|`` do not count, others are spaces."""
    squeezed = re.sub(r"\s+", " ", re.sub(r"\s*\|\s*", "|", text)).strip(" ")
    return re.compile(f"{before}(?:{squeezed}){after}", re.IGNORECASE)


# Words before a statement that add nothing to it.
OPENER = _phrases(
    """
    oh | wow | whoa | yeah | yea | yes | yep | yup | no | nope | nah | well | so | and | but | also | plus | anyway
    | actually | honestly | btw | hey | hi | hello | haha | lol | hm+ | umm? | ok | okay | sure | aw+ | ah+ | man | dude
    | gosh | omg | great | cool | nice | awesome | absolutely | definitely | exactly | totally | for sure | of course
    | by the way | to be honest | you know | i mean | right | thanks | thanks a lot | thanks so much | thank you
    | thank you so much | same here | me too | agreed | true | fyi | for the record
    """,
    after=r"\b[\s,!.:;\u2014\u2013-]+",
)
THANKS_FOR = re.compile(r"(?:thanks|thank you|sorry) (?:for|about)[^,.!]*[,!.]+\s+", re.IGNORECASE)
REMEMBER = _phrases(
    """
    (?:remember|note|keep in mind|bear in mind|don't forget|do not forget) (?:that|this)
    | (?:remember|note|keep in mind|don't forget)(?=(?::| (?:i|i'm|my|we|our)\\b))
    | just so you know | save (?:that|this) | make a note that | remember
    """,
    before=r"(?:please |also )*",
    after=r"\b[:,]?\s*(?=\w)(?!to\b|when\b|how\b|what\b|the time\b|if\b|last\b|you\b)",
)
# "I love hiking, don't you?" is a statement with a question after it.
TAG = _phrases(
    """
    right | you know | know what i mean | huh | eh | what | how | do | does | don't | did | have | haven't | can | could
    | would | isn't | aren't | any | are | is | you | yours
    """,
    before=r"[\s,;\u2014\u2013-]+(?:and |but |so )?",
    after=r"\b[^,;]*\?+!?$",
)

QUESTION = _phrases(
    """
    (?:what|where|who|whom|whose|which|why|how)(?:'s|'re)? (?:is|are|was|were|do|does|did|can|could|should|would|will
      |have|has|had|about|to|many|much|long|often|come)
    | (?:what|which|how) \\w+ (?:is|are|do|does|did|can|should|would)
    | what's | where's | who's
    | (?:do|does|did|is|are|was|were|can|could|will|would|should|shall|have|has|may) (?:you|i|it|there|we|they|he|she
      |this|that|the|my|your)
    | when (?:is|are|was|were|do|does|did|can|should|will|would)
    | i(?:'m| am| was|'ve been)? (?:just )?(?:wonder|wondering|curious|asking)
    | (?:any|got any) (?:idea|tip|suggestion|advice|plan|recommendation)s?
    """
)
COMMAND = _phrases(
    """
    please | kindly | can you | could you | would you | tell | show | give | write | explain | help | find | list
    | summari[sz]e | translate | create | generate | make (?:me|a|an|sure) | send | look (?:up|at) | search | check
    | compare | recommend | suggest | describe | calculate | convert | fix | add | turn | book (?:me|a|an) | draft | rewrite
    | define | solve | stop | wait | go ahead | try | consider | imagine | let (?:me|us) | let's | lemme | keep | stay
    | take (?:care|a look|your|it|some) | don't | do not | feel free | hang in | never mind | forget (?:it|about)
    | run | use | read (?:this|the) | open | be | get me | ask | set (?:a|an|up|the) | play | schedule | order me | enjoy
    | follow | continue | repeat | act as | picture this | guess what | remember | remind | call (?:a|an|the|us|them|him|her)
    | i(?:'d| would)? (?:want|need|like) (?:you|your help|help|some help|some advice|to know|to ask|to understand
      |to see (?:how|what|if)|a hand)
    | i have (?:a|one|another|some|two) (?:quick |more )?questions?
    """
)
SMALL_TALK = _phrases(
    """
    congrat\\w* | good (?:luck|morning|evening|afternoon|night|job|work|for|to|idea|point|question) | best of luck
    | happy (?:birthday|new|to|holidays|for) | merry | welcome | bye | goodbye | see (?:you|ya) | talk (?:to you|soon|later)
    | catch (?:you|up) | have (?:a|fun) | nice (?:to|one|job|work|meeting|catching) | pleased to | sounds
    | looks (?:like (?:you|a)|great|good|amazing|so) | way to go | glad | sorry
    | so (?:glad|happy|sorry|proud|sweet|true|cool|nice|excited for) | hope | hoping (?:you|it|your)
    | no (?:problem|worries|way|doubt) | my (?:pleasure|bad|apologies|condolences) | how | what (?:a|an)
    | (?:love|loved|loving) (?:that|it|this|your|the|how|seeing|hearing) | cheers | likewise | same to | you | your | you're | you've | you'll
    | y'all | thanks | thank | it's (?:been )?(?:so )?(?:great|good|nice|lovely) (?:to|talking|chatting|seeing)
    | long time | proud of you | anytime | always (?:happy|glad|here|good|great|a pleasure) | bless | rest in | wishing
    | been (?:a while|good|great|well) | not (?:much|bad|really|yet|sure) | will do | got it | gotcha
    | it's (?:all )?(?:ok|okay|fine|alright) | fingers crossed | big hug | sending | appreciate | bet | (?:can't|cannot) (?:imagine|believe)
    | such (?:a|an) | (?:really|super|very) (?:cool|nice|great|proud|glad|happy|sorry|appreciate)
    | if you (?:ever|need|want|have) | whenever you | as long as you | when you | without you
    """
)
# First person in form, but about the talk itself.
BACKCHANNEL = _phrases(
    """
    agree | see(?! \\w+ (?:every|each)) | understand | hear (?:you|ya|that) | get (?:it|that|you|what|why|how) | guess | bet | mean | (?:think|thought) so
    | hope (?:you|it|that|your|so|not|things|everything|they|this|to (?:hear|see you)) | appreciate | (?:can )?(?:imagine|relate|only imagine|tell|see)
    | can't (?:imagine|believe|wait (?:to (?:hear|see (?:it|you|your|what|how|where|the)|meet you|chat|check|catch)|for (?:it|that|you)))
    | can't (?:wait|complain|agree|thank)\\W*$ | couldn't (?:agree|have) | believe (?:in you|that|it) | wish you | know(?: (?:that|what|how you|you|it|exactly|right|the feeling)|\\W*$)
    | be (?:here|there for you|sure|happy to|glad to|waiting|looking forward|rooting|cheering|thinking) | here (?:for|to)
    | let you know | keep (?:you|that|it|this|going|at it|doing) | check (?:it|that|them|this|out) | do (?:that|it|so|my best|this) | (?:try|give) (?:it|that|my best)
    | (?:see|talk to|support|miss|owe|told|saw|got|hear|remember|admire|thank|trust|believe) (?:you|ya|ya'll) | (?:have to|gotta|got to|should|need to|better) (?:go|run|get going|head|get back)
    | (?:glad|happy|sorry|sure|proud|honou?red|pleased|jealous|impressed|certain|curious|rooting|confident|stoked|excited|thrilled|thankful|grateful) (?:you|for you|your|that you|of you|that|it|to (?:hear|see|help|have (?:you|your)|be (?:your|able to help))|about that|for your|with your|how|to call you)
    | (?:glad|happy|sorry|sure|good|great|fine|okay|ok|well|alright|all ears|down|with you|excited|grateful|thankful|honou?red|doing (?:great|good|well|ok|okay|fine|alright)|all good|back|touched|flattered|stoked)(?= ?(?:[,.!]|$|too\\b|thanks|and you|now))
    | (?:like|love|enjoy|adore|dig|loved|liked|enjoyed) (?:it|that|this|those|these|them|you|your)(?: (?:too|so much|idea|one|photo|pic|picture|painting|quote|song|place|part|outfit|color|spot))?\\W*$
    | (?:love|like|loved|liked) (?:your|how (?:you|it|that|they|the)|what you|that (?:you|idea|quote|pic|photo)|hearing|the way|to (?:hear|see it|see that|see your|know|learn more|check)|seeing)
    | do(?:n't)? too | feel (?:you|that|the same) | remember that | heard (?:that|you|about your) | saw (?:your|that you)
    | say | admire | promise | swear | don't (?:know|think so|mind|doubt) | want (?:you|to (?:say|thank|hear)) | missed (?:you|this)
    | needed (?:that|this) | noticed (?:you|your) | respect | too | (?:'ll )?definitely | never thought of | thought (?:it|that|you|this) | found (?:it|that) (?:so |really )?\\w+\\W*$
    | 've (?:been there|heard) | look forward to (?:hearing|seeing (?:you|it|your|what)) | looking forward to (?:hearing|seeing (?:you|it|your|what)|it|that|chatting|catching)
    """,
    before=r"(?:i|we)(?:'m|'ve|'d|'ll| am| have| will| would| can| do| was| were| could| had)?(?: (?:so|really|totally|completely"
    r"|definitely|just|also|always|absolutely|very|super|truly|still|certainly|kinda|sort of|too|both|100%|be|been|know|really))* ",
)
OPINION = _phrases(
    "think | guess | believe | feel like | suppose | bet | mean",
    before=r"(?:i|we) (?:really |just |also |honestly )?",
    after=r"\b(?: that\b)?,? ",
)

SUBJECT = _phrases("i | i'm | i've | i'd | i'll | im | ive | we | we're | we've | we'd | we'll | my | our | mine | myself", before=r"\b")
USER = re.compile(r"(?:the )?user\b", re.IGNORECASE)
# "Just got back from Rome": the subject is left out.
ELLIPTIC = _phrases(
    """
    went | got | started | finished | lost | bought | took | saw | met | visited | had | joined | moved | signed | found
    | tried | watched | ran | won | attended | decided | picked | adopted | learned | learnt | quit | graduated | passed
    | booked | planned | made | built | cooked | painted | played | wrote | gave | spent | celebrated | hosted | returned
    | came | been (?:\\w+ing|to|busy|into) | planning | trying to | hoping to | going to | gonna | working | studying
    | training | volunteering | living | thinking (?:about|of) | looking (?:for|into|forward)
    | can't (?:wait to|eat|stand) | need to | gotta | wanna | want to | hate | prefer | allergic to
    """,
    before=r"(?:(?:just|recently|finally|already|currently|still|also|mostly|usually) )?",
)
# What it speaks of was said before.
ELSEWHERE = _phrases(
    """
    (?:he|she|it|they|his|her|its|their|that|this|these|those|there|here|which|who|the one|one|both|some|all)
    | (?:he|she|it|they|that|this|there|here|what)'[a-z]+
    """
)
CONTINUES = _phrases("he | she | they | it | his | her | their | its", after=r"(?:'[a-z]+)?\b(?! (?:sounds|looks|seems|must)\b)")
PAIR = re.compile(r"[\w][\w '/-]{0,40}:\s+\S")
VERB = _phrases(
    """
    is | are | was | were | am | has | have | had | will | can | can't | could | would | should | must | does | doesn't | did
    | didn't | isn't | aren't | wasn't | weren't | won't | went | got | made | took | saw | met | bought | came | gave | ran | won
    | lost | found | left | wrote | read | built | grew | knew | began | became | felt | said | told | chose | [a-z]{2,}ed
    | [a-z]{2,}(?<![sui])s
    """,
    before=r"\b",
)
PAST = _phrases(
    """
    went | got | made | took | saw | met | bought | came | gave | ran | won | lost | found | left | wrote | built | grew | began
    | became | chose | had | was | were | did | quit | [a-z]{2,}ed | ago | yesterday | last (?:week|weekend|month|year|night|\\w+day)
    """,
    before=r"\b",
)

_FAMILY = """(?:wife|husband|spouse|partner|girlfriend|boyfriend|fianc[ée]e?|mom|mum|mother|dad|father|parents?|sons?
|daughters?|kids?|child(?:ren)?|bab(?:y|ies)|brothers?|sisters?|siblings?|twins?|grand(?:ma|pa|mother|father|parents?|son
|daughter|kids?)|aunt|uncle|cousins?|niece|nephew|family|in-laws?|step\\w+|roommates?|flatmates?|friends?|boss|manager
|colleagues?|co-?workers?|teacher|mentors?|neighbou?rs?|dogs?|cats?|pupp(?:y|ies)|kittens?|pets?|ex)"""
_TRADE = """(?:\\w{3,}(?:er|or|ist|ian|eer|ant)|student|nurse|chef|cook|pilot|lawyer|analyst|freelance\\w*|parent|mom|mum|dad
|coach|intern|native|refugee|ceo|cto)"""

# In this order: the first that matches names the kind.
KIND_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "instruction",
        _phrases(
            """
            (?:always|never) (?!mind|say never|been|had|have|thought|liked|was|were|a|the|too|happy|glad|here|good|great)[a-z]+
            | from now on | going forward, | in (?:the )?future, | (?:call|address|remind) me | refer to me
            | (?:don't|do not) (?:ever|call me|mention|address|remind me) | (?:respond|reply|answer|speak|talk|write) to me
            | (?:respond|reply|answer) (?:only )?(?:in|with|using|briefly|concisely)
            | i(?:'d like| want| would like) you to (?:always|never) | you (?:should|must|can) (?:always|never|call me)
            | (?:forget|delete|erase) (?:that i|my|what i|everything|the (?:fact|memory))
            """,
            before="^(?:please )?",
        ),
    ),
    (
        "identity",
        _phrases(
            f"""
            (?:my|user|user's) (?:(?:full|first|last|middle|nick|real|legal) ?)?name(?:'s| is|:)
            | my (?:birthday|birth date|date of birth|age|pronouns|nationality|hometown|home town|native language
              |mother tongue|job|occupation|profession|address|email|e-mail|phone|phone number|number|time ?zone|religion|blood type) (?:is|was|has|number)
            | i(?:'m| am) (?:\\d{{1,3}}|called|named|from|based in|originally|bisexual|gay|lesbian|trans\\w*|diabetic)
            | (?:i|we|user) (?:currently |now |also |still )?(?:live|lives|work|works|study|studies) (?:in|at|for|as|near)
            | (?:i|user) (?:was born|grew up|identify as|identifies as|speak|speaks)
            | i(?:'m| am) (?:currently |now |also )?(?:working|living|studying) (?:in|at|for|as)
            | (?:i(?:'m| am)|user is|(?:work|works|working) as) (?:also |now |currently |just )?an? (?:[\\w+#-]+ ){{0,2}}{_TRADE}
            """,
            before=r"\b",
        ),
    ),
    (
        "plan",
        _phrases(
            """
            (?<!been )(?<!was )(?<!were )going to (?!the (?:gym|beach)|school|church|work)[a-z]+ | gonna | planning
            | plans? (?:to|on|for|is) | (?:i|we|user)(?:'ll| will) | wants? to | wanna | hop(?:e|es|ing) to | intends? to
            | (?:i|we)(?:'d| would) (?:really )?(?:like|love) to | thinking (?:of|about) | looking forward | considering
            | can't wait to | dream(?:ing|s)? (?:of|is|to) | aims? to | my goals? | tomorrow
            | next (?:week|weekend|month|year|summer|spring|fall|autumn|winter|\\w+day) | upcoming | scheduled | appointment
            | deadline | (?:i'm|we're) (?:flying|leaving|moving|getting married|starting|visiting|meeting|hosting|launching
              |opening|performing|attending|joining)
            """,
            before=r"\b",
        ),
    ),
    (
        "preference",
        _phrases(
            """
            likes? | loves? | loved | enjoys? | enjoyed | prefers? | preferred | preferences? | hates? | hated | dislikes?
            | adores? | can't stand | favou?rites? | fond of | (?:am|'m|really|so|very|been|get|got) into | fan of | keen on | passionate
            | allerg\\w+ | intolerant | obsessed | rather | interested in | vegan | vegetarian | pescatarian
            | no longer (?:eat|drink|like|use|want|enjoy|smoke)\\w*
            | (?:don't|doesn't|do not|does not|never) (?:really )?(?:eat|drink|like|smoke|care for|enjoy|want)\\w*
            | (?:stopped|quit) (?:eating|drinking|smoking|using) | gave up | used to (?:like|love|enjoy|hate)
            """,
            before=r"\b",
        ),
    ),
    (
        "relationship",
        _phrases(
            f"""
            (?:my|our|user's) (?:[\\w-]+ )?{_FAMILY}
            | (?:have|has|had|got) (?:an?|one|two|three|four|five|\\d|no|some) (?:[\\w-]+ ){{0,2}}{_FAMILY}
            | i(?:'m| am) (?:married|engaged|divorced|single|dating|widowed|separated|pregnant|an only child)
            """,
            before=r"\b",
        ),
    ),
)
STRONG_KINDS = frozenset(("instruction", "identity"))

# Terms that any chat is full of; a sentence of nothing else says nothing.
GENERIC = frozenset(
    terms(
        """
        great good nice cool awesome amazing wonderful beautiful lovely fantastic incredible glad happy sorry excited
        hear sound feel feeling know think thing things stuff thank love like hope see look forward wait guess mean
        sure totally absolutely true right wow fun time day way lot lots kind sort bit something everything anything
        someone make made get got gets go going went come keep try want need tell say said talk chat share support proud
        inspiring inspired appreciate idea really much big best better always super pretty special nothing anyone
        everyone people life moment journey give take find help helps world powerful important meaningful matter
        mind rewarding relaxing peaceful please even still well maybe definitely actually though already today
        okay ok experience truly reminder enough long new hard tough difference change positive motivated motivation
        happiness joy joyful grateful thankful passion dream dreams goal goals awe sense strength strong stronger
        blessed worth progress believe understand believe tough challenge challenging step easy stay
        """
    )
)

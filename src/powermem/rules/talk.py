"""English phrases of talk: what opens a sentence, and sentences that are questions, requests or reactions."""

from __future__ import annotations

import re

from .patterns import phrases

# Words before a statement that add nothing to it. Those of the second group need a mark after them.
OPENER = phrases(
    r"""
    (?:oh|wow|whoa|yeah|yea|yes|yep|yup|well|so|and|but|also|plus|anyway|actually|honestly|btw|hey|hi
    |hello|haha|lol|hm+|umm?|aw+|ah+|gosh|omg|by the way|to be honest|fyi
    |for the record)\b[\s,!.:;\u2014\u2013-]+
    | (?:no|nope|nah|ok|okay|sure|man|dude|great|cool|nice|awesome|absolutely|definitely|exactly|totally
    |for sure|of course|you know|i mean|right|thanks|thanks a lot|thanks so much|thank you
    |thank you so much|same here|me too|agreed|true|not really)\s*[,!.:;\u2014\u2013-]+\s*
    """,
    after="",
)
THANKS_FOR = re.compile(r"(?:thanks|thank you|sorry) (?:for|about)[^,.!]*[,!.]+\s+", re.IGNORECASE)
REMEMBER = phrases(
    r"""
    (?:remember|note|keep in mind|bear in mind|don't forget|do not forget) (?:that|this)
    | (?:remember|note|keep in mind|don't forget)(?=:| (?:i|i'm|my|we|our)\b) | just so you know
    | save (?:that|this) | make a note that
    """,
    before=r"(?:please |also )*",
    after=r"\b[:,]?\s*(?=\w)",
)
# "I love hiking, don't you?" is a statement with a question after it.
TAG = phrases(
    r"""
    right | you know | know what i mean | huh | eh | what | how | do | does | don't | did | have | haven't
    | can | could | would | isn't | aren't | any | are | is | you | yours
    """,
    before=r"\s*[,;\u2014\u2013-]+\s*(?:and |but |so )?",
    after=r"\b[^,;]*\?+!?$",
)

QUESTION = phrases(
    r"""
    (?:what|where|who|whom|whose|which|why|how)(?:'s|'re)? (?:is|are|was|were|do|does|did|can|could|should
    |would|will|have|has|had|about|to|many|much|long|often|come)
    | (?:what|which|how) \w+ (?:is|are|do|does|did|can|should|would) | what's | where's | who's
    | (?:do|does|did|is|are|was|were|can|could|will|would|should|shall|have|has|may) (?:you|i|it|there|we
    |they|he|she|this|that|the|my|your) | when (?:is|are|was|were|do|does|did|can|should|will|would)
    | i(?:'m| am| was|'ve been)? (?:just )?(?:wonder|wondering|curious|asking)
    | (?:any|got any) (?:idea|tip|suggestion|advice|plan|recommendation)s?
    """
)
COMMAND = phrases(
    r"""
    please | kindly | can you | could you | would you | tell | show | give | write | explain | help | find
    | list | summari[sz]e | translate | create | generate | make (?:me|a|an|sure) | send | look (?:up|at)
    | search | check | compare | recommend | suggest | describe | calculate | convert | fix | add | turn
    | book (?:me|a|an) | draft | rewrite | define | solve | stop | wait | go ahead | try | consider
    | imagine | let (?:me|us) | let's | lemme | keep | stay | take (?:care|a look|your|it|some) | don't
    | do not | feel free | hang in | never mind | forget (?:it|about) | run | use | read (?:this|the)
    | open | be | get me | ask | set (?:a|an|up|the) | play | schedule | order me | enjoy | follow
    | continue | repeat | act as | picture this | guess what | remember | remind
    | call (?:a|an|the|us|them|him|her)
    | i(?:'d| would)? (?:want|need|like) (?:you|your help|help|some help|some advice|to know|to ask
    |to understand|to see (?:how|what|if)|a hand)
    | i have (?:a|one|another|some|two) (?:quick |more )?questions?
    """,
    before="(?:just |always )?",
)
SMALL_TALK = phrases(
    r"""
    congrat\w* | good (?:luck|morning|evening|afternoon|night|job|work|for|to|idea|point|question)
    | best of luck | happy (?:birthday|new|to|holidays|for) | merry | welcome | bye | goodbye
    | see (?:you|ya) | talk (?:to you|soon|later) | catch (?:you|up) | have (?:a|fun)
    | nice (?:to|one|job|work|meeting|catching) | pleased to | sounds
    | looks (?:like (?:you|a)|great|good|amazing|so) | way to go | glad | sorry | hope
    | so (?:glad|happy|sorry|proud|sweet|true|cool|nice|excited for) | hoping (?:you|it|your)
    | no (?:problem|worries|way|doubt) | my (?:pleasure|bad|apologies|condolences) | how | what (?:a|an)
    | (?:love|loved|loving) (?:that|it|this|your|the|how|seeing|hearing) | cheers | likewise | same to
    | you | your | you're | you've | you'll | y'all | thanks | thank | long time | proud of you | anytime
    | bless | rest in | it's (?:been )?(?:so )?(?:great|good|nice|lovely) (?:to|talking|chatting|seeing)
    | wishing | always (?:happy|glad|here|good|great|a pleasure) | been (?:a while|good|great|well)
    | will do | got it | gotcha | not (?:much|bad|really|yet|sure) | fingers crossed | big hug | sending
    | appreciate | bet | such (?:a|an)
    | it's (?:so |really )?(?:amazing|great|awesome|incredible|nice|wonderful|cool|inspiring) (?:how
    |to see|that you|you) | it's (?:all )?(?:ok|okay|fine|alright) | (?:can't|cannot) (?:imagine|believe)
    | (?:really|super|very) (?:cool|nice|great|proud|glad|happy|sorry|appreciate)
    | (?:together,? )?we (?:can|should|all|rock|got this) | if you (?:ever|need|want|have) | whenever you
    | as long as you | when you | without you
    """
)
_FEELING = r"""(?:glad|happy|sorry|sure|proud|honou?red|pleased|jealous|impressed|certain|curious
    |rooting|confident|stoked|excited|thrilled|thankful|grateful)"""
# First person in form, but about the talk itself.
BACKCHANNEL = phrases(
    rf"""
    agree | see(?! \w+ (?:every|each)) | understand | hear (?:you|ya|that)
    | get (?:it|that|you|what|why|how) | guess | bet | mean | (?:think|thought) so | appreciate
    | (?:can )?(?:imagine|relate|only imagine|tell|see)
    | hope (?:you|it|that|your|so|not|things|everything|they|this|to (?:hear|see you))
    | can't (?:imagine|believe|wait (?:to (?:hear|see (?:it|you|your|what|how|where|the)|meet you|chat
    |check|catch)|for (?:it|that|you))) | can't (?:wait|complain|agree|thank)\W*$
    | couldn't (?:agree|have) | believe (?:in you|that|it) | wish you
    | know(?: (?:that|what|how you|you|it|exactly|right|the feeling)|\W*$) | here (?:for|to)
    | let you know
    | be (?:here|there for you|sure|happy to|glad to|waiting|looking forward|rooting|cheering|thinking)
    | keep (?:you|that|it|this|going|at it|doing) | check (?:it|that|them|this|out)
    | do (?:that|it|so|my best|this) | (?:try|give) (?:it|that|my best) | say | admire | promise | swear
    | respect | too | definitely
    | (?:see|talk to|support|miss|owe|told|saw|got|hear|remember|admire|thank|trust|believe) (?:you|ya)
    | (?:have to|gotta|got to|should|need to|better) (?:go|run|get going|head|get back)
    | {_FEELING} (?:you|for (?:you|your)|your|that|of you|it|to (?:hear|see|help|have (?:you|your)
    |be (?:your|able to help))|about that|with your|how|to call you)
    | (?:{_FEELING}|good|great|fine|okay|ok|well|alright|all ears|down|with you|doing (?:great|good|well
    |ok|okay|fine|alright)|all good|back|touched|flattered)(?= ?(?:[,.!]|$|too\b|thanks|and you|now))
    | (?:like|love|enjoy|adore|dig|loved|liked|enjoyed) (?:it|that|this|those|these|them|you
    |your)(?: (?:too|so much|idea|one|photo|pic|picture|painting|quote|song|place|part|outfit|color
    |spot))?\W*$
    | (?:love|like|loved|liked) (?:your|how (?:you|it|that|they|the)|what you|that (?:you|idea|quote|pic
    |photo)|hearing|the way|to (?:hear|see (?:it|that|your)|know|learn more|check)|seeing)
    | do(?:n't)? too | feel (?:you|that|the same) | remember that | heard (?:that|you|about your)
    | never thought of | saw (?:your|that you) | don't (?:know|think so|mind|doubt)
    | want (?:you|to (?:say|thank|hear)) | missed (?:you|this) | needed (?:that|this)
    | noticed (?:you|your) | thought (?:it|that|you|this) | found (?:it|that) (?:so |really )?\w+\W*$
    | (?:can|could|'ll|will|'d)? ?help you | 've (?:been there|heard)
    | look forward to (?:hearing|seeing (?:you|it|your|what))
    | looking forward to (?:hearing|seeing (?:you|it|your|what)|it|that|chatting|catching)
    """,
    before=r"(?:i|we)(?:'m|'ve|'d|'ll| am| have| will| would| can| do| was| were| could| had)?"
    r"(?: (?:so|really|totally|completely|definitely|just|also|always|absolutely|very|super|truly|still"
    r"|certainly|kinda|sort of|too|both|be|been|know))* ",
)
OPINION = phrases(
    "think | guess | believe | feel like | suppose | bet | mean",
    before="(?:i|we) (?:really |just |also |honestly )?",
    after=r"\b(?: that\b)?,? ",
)

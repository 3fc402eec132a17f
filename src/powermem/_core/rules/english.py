"""English sentences: decide which are worth keeping, and of which kind they are.

The patterns come first. Those above `_INSTRUCTION` say what a sentence is about, the next ones what kind of
fact it is, and those from `_OPENER` on recognize talk that is dropped: openers, questions, requests and
reactions.
"""

from __future__ import annotations

import re

from ..patterns import Pattern
from ..text.terms import query_terms, terms
from .clauses import QUESTION, spelled, told
from .mood import is_ironic, is_unreal
from .names import is_about_person
from .projects import is_decision, is_project_fact, is_standing_wish
from .sentences import Reading, phrases

# "My flat is in Rome": about the speaker.
_SUBJECT = phrases(
    "i | i'm | i've | i'd | i'll | im | ive | we | we're | we've | we'd | we'll | my | ^our", before=r"\b"
)
_USER = Pattern(r"(?:the )?user\b", re.IGNORECASE)
# "Just got back from Rome": the subject is omitted.
_ELLIPTIC = phrases(
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
# "She is a nurse", "That was in Rome": the subject refers to an earlier sentence.
_ELSEWHERE = phrases(
    """
    (?:he|she|it|they|his|her|its|their|that|this|these|those|there|here|which|who|the one|one|both|some
    |all) | (?:he|she|it|they|that|this|there|here|what)'[a-z]+
    """
)
_CONTINUES = phrases(
    "he | she | they | it | his | her | their | its",
    after=r"(?:'[a-z]+)?\b(?! (?:sounds|looks|seems|must)\b)",
)
_PERSON = phrases("he | she | his | her")
# "This evening" points at a time, not at something said before.
_OF_TIME = (
    r"(?! (?:past\s|coming\s)?(?:morning|afternoon|evening|weekend|week|month|year|spring|summer|autumn|fall"
    r"|winter|semester|term|quarter|season|\w+day)\b)"
)
# "I painted it there": what the pronoun means is not in the sentence.
_DEICTIC = phrases(
    "you | your | it | them | this | that | these | those | there | here",
    before=r"\b",
    after=rf"\b(?! (?:i|we|my|is|was|are)\b){_OF_TIME}(?!'s\b)",
)
# "I ride it to work": without a name or a noun for it before.
_REFERS = phrases(
    r"""
    it(?! (?:is|was|will|would|has|had|can|could|really|just|also|always|never|helps|makes|feels|seems|looks
    |sounds|works|keeps|takes|gives|went|got|took|made|felt|all)\b) | them | him | her(?! \w)
    | one(?= (?:for|since|now|every)\b)
    """,
    before=r"(?<!\bof )(?<!\bfor )\b",
    after=r"\b(?!')",
)
_ANTECEDENT = Pattern(
    r"(?:.*?\b(?:my|our|the|an?|two|three|four|some|this|these|those|any|his|her) \w.*?"
    r"|.*?\b(?!I\b)[A-Z]\w+\b.*?)"
    r"(?:[,;:]|\b(?:and|but|so|because|when|since|which|that|to|for|if|after|before|where|until|though|while)\b)"
    r".*?\b(?:it|them|him|her|one)\b"
)
# "It's great having the freedom": judges rather than tells.
_JUDGES = phrases(
    r"""
    (?:(?:it|that|this|they|there)(?:'s| is| was|'re| are| were|'ll be| has been|'s been| have been)?)
    (?:always |really |so |such\s
    |been |just |very |pretty |also |definitely |truly |quite |a bit |kinda |super |all |a |an |the |my\s
    |not |never )*(?:great|good|nice|cool
    |awesome|amazing|wonderful|beautiful|lovely|fantastic|perfect|fine|fun|hard|easy|important|tough
    |refreshing|rewarding|helpful|like
    |about|worth|inspiring|relaxing|way to|reminder|joy|blast|blessing|feeling|experience|dream
    |interesting|clear\w*|sad|scary
    |calming|peaceful|exciting|incredible|crazy|weird|funny|what|how|why|true|possible|comforting|cozy
    |cute|gorgeous|stunning|impressive
    |therapeutic|special|unique|meaningful|powerful|magical|breathtaking|soothing|uplifting|satisfying
    |fulfilling|frustrating|challenging
    |difficult|best|worst|better|worse|pleasure|relief|shame|pity)
    | (?:it|that|this) (?:really |always |just |also )?(?:makes?|made|helps?|helped|feels?|felt|means?
    |meant|gives?|gave|brings?|brought|keeps?
    |reminds?|reminded|sounds?|looks?|seems?|shows?|showed|takes? (?:time|practice)|inspires?|lets?
    |allows?|works?)
    """
)
# "Favourite colour: blue".
_PAIR = Pattern(r"\w[\w '/-]{0,40}:\s+\S")
_VERB = phrases(
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

# "From now on, answer in French."
_INSTRUCTION = phrases(
    r"""
    (?:always|never) (?!(?:mind|say|been|had|have|thought|liked|was|were|a|the|too|happy|glad|here|good
    |great)\b)[a-z]+ | from now on | going forward | in (?:the )?future(?=,) | (?:call|address|remind) me
    | refer to me | (?:don't|do not) (?:ever|call me|mention|address|remind me)
    | (?:respond|reply|answer|speak|talk|write) to me
    | (?:respond|reply|answer) (?:only )?(?:in|with|using|briefly|concisely)
    | i(?:'d like| want| would like) you to (?:always|never)
    | you (?:should|must|can) (?:always|never|call me)
    | (?:forget|delete|erase) (?:that i|my|what i|everything|the (?:fact|memory))
    """,
    before="(?:please )?",
)
# "I work as a nurse", "My birthday is 3 May".
_IDENTITY = phrases(
    rf"""
    (?:my|user|user's) (?:(?:full|first|last|middle|nick|real|legal) ?)?name(?:'s| is|:)
    | my (?:birthday|birth date|date of birth|age|pronouns|nationality|hometown|home town|native language
    |mother tongue|job|occupation|profession|address|email|e-mail|phone|phone number|number|time ?zone
    |religion|blood type)(?: is|'s|:)
    | i(?:'m| am| just turned| turned) (?:\d{{1,3}}(?= ?(?:years|yrs|yo|y/o|now|and|but|btw|this|next|in|,
    |\.|!|;|$))|called|named|from|based in|originally|bisexual|gay|lesbian
    |trans\w*|diabetic)
    | (?:i|we|user) (?:currently |now |also |still )?(?:live|lives|work|works|study|studies) (?:in|at|for
    |as|near) | (?:i|user) (?:was born|grew up|identify as|identifies as|speak|speaks)
    | i(?:'m| am) (?:currently |now |also )?(?:working|living|studying) (?:in|at|for|as)
    | (?:i(?:'m| am)|user is|(?:work|works
    |working) as) (?:also |now |currently |just )?an? (?:[\w+#-]+ ){{0,2}}{_TRADE}
    """,
    before=r"\b",
)
# "We're moving next spring."
_PLAN = phrases(
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
# "I can't stand cilantro."
_PREFERENCE = phrases(
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
# "My younger sister", "I have two cats".
_RELATIONSHIP = phrases(
    rf"""
    (?:my|our|user's) (?:[\w-]+ )?{_FAMILY}
    | (?:have|has|had|got) (?:an?|one|two|three|four|five|\d|no|some) (?:[\w-]+ ){{0,2}}{_FAMILY}
    | i(?:'m| am) (?:married|engaged|divorced|single|dating|widowed|separated|pregnant|an only child)
    """,
    before=r"\b",
)
# A single content word is enough for these: "I own a boat", "I don't have a car", "I run", "I have asthma".
# Of the things that people "have", only lasting ones: not "a question" or "a minute".
_ADVERB = (
    "(?:(?:also|still|now|currently|only|never|usually|mostly|really|actually|always|often|sometimes"
    "|no longer) )?"
)
_COMPLETE = phrases(
    rf"""
    (?:i|we|user) {_ADVERB}owns? | (?:i|we) {_ADVERB}co-?own
    | (?:i|we|i've|we've|user) {_ADVERB}(?:have|has|got|have got|has got)
    (?:an?|one|two|three|four|five|\d+|no) (?:[\w-]+ )?(?:{_FAMILY}|{_KEPT})
    | (?:i|we) (?:don't|can't|won't|never|no longer) (?:have|own|eat|drink|drive|smoke|speak|use|like|want
    |need|work|swim|cook|fly
    |take|do|play|read|watch|travel|tolerate|stand|digest)(?: (?:an?|any|much|my own))?(?! (?:it|that
    |this|idea|clue|time|you|know)\b)
    | (?:i|we|i've|we've) {_ADVERB}(?:have|got|suffer from|struggle with|live with|was diagnosed with|had)
    (?:(?:mild|severe|chronic|bad|type (?:1|2|one|two)|a|an|some|terrible|seasonal) )*(?:asthma
    |diabetes|anxiety|adhd|add|ocd|ptsd|autism|dyslexia|migraines?|epilepsy|eczema|celiac|coeliac
    |crohn's|ibs|insomnia|anemia
    |depression|hypertension|arthritis|cancer|lupus|gout|allerg\w+|hay fever|high blood pressure
    |low blood pressure|sleep apn\w+|vertigo
    |tinnitus|scoliosis|psoriasis|covid|hiv|glasses|braces|dentures|pacemaker|hearing aids?|concussion
    |hernia|dyscalculia|cold sores
    |sciatica|endometriosis|pcos|\w{{3,}}(?:itis|osis|emia|algia|pathy|plegia|phobia|oma))
    | i {_ADVERB}(?:run|swim|cycle|bike|hike|climb|paint|draw|knit|sew|crochet|garden|cook|bake|dance|sing
    |act|ski|surf|skate|box|fish
    |hunt|camp|sail|row|smoke|vape|drive|fly|teach|code|program|freelance|blog|podcast|meditate|volunteer
    |journal|fence|bowl|juggle
    |stream|commute|farm|dive|snore|stutter|lift|skateboard|snowboard|woodwork|babysit
    |tutor)(?=\W*$|\s(?:a lot|every|on|at|in|most|too|daily
    |regularly|twice|once|for|to work)\b)
    | (?:i'm|i am|i'm not|i am not|we're|we are|we're not) {_ADVERB}(?:an? |the )?(?:vegan|vegetarian
    |pescatarian|married|single|divorced
    |engaged|pregnant|retired|unemployed|widowed|separated|blind|deaf|diabetic|autistic|dyslexic|asthmatic
    |colou?r-?blind|left-handed
    |right-handed|bilingual|lactose intolerant|gluten intolerant|celiac|religious|atheist|catholic|muslim
    |jewish|hindu|buddhist|gay
    |lesbian|bi|bisexual|straight|trans|non-?binary|introvert\w*|extrovert\w*|sober|homeschooled
    |self-employed|freelance\w*|an only child
    |allergic|on parental leave|on sabbatical|on medication|on a diet|from)
    """
)
# "Dentist on Friday at 3", "Dinner with Ana tomorrow": a plan without a verb.
_OCCASION = r"""(?:appointment|dentist|doctor|vet|gp|physio|therapist|meeting|flight|train|bus|ferry
    |dinner|lunch|breakfast|brunch
    |party|wedding|funeral|exam|test|interview|deadline|concert|gig|game|match|practice|training|rehearsal
    |choir|class|lesson|course
    |call|visit|surgery|operation|trip|birthday|delivery|rent|check-?up|haircut|standup|demo|presentation
    |graduation|festival|race
    |marathon|conference|evening|recital|picnic|barbecue|bbq|reunion|ceremony|workshop|webinar|lecture
    |audition|hearing|date night|anniversary|holiday|vacation|move|moving day|check-?in|pickup|gym|yoga
    |swimming|football|tennis)"""
_WHEN = r"""(?:(?:on|this|next|every|by|from|until) )?(?:mon|tues|wednes|thurs|fri|satur|sun)days?
    | tomorrow | tonight
    | (?:next|this) (?:week|weekend|month|year|summer|spring|fall|autumn|winter)
    | (?:(?:on|by) )?(?:the )?\d{1,2}(?:st|nd|rd|th)\b | at \d{1,2}(?::\d\d)? ?(?:am|pm)? | (?:in|on
    |by) (?:jan|feb|mar|apr|may|jun|jul|aug
    |sep|oct|nov|dec)\w* | (?:jan|feb|mar|apr|jun|jul|aug|sep|oct|nov|dec)\w* \d{1,2} | in \w+ (?:days
    |weeks|months)"""
_NOTE = Pattern(
    re.sub(
        r"\s*\n\s*",
        "",
        rf"(?:[\w'&-]+ ){{0,3}}{_OCCASION}\b(?:[^.!?]{{0,60}}) ?(?:{_WHEN})".replace(" | ", "|"),
    ),
    re.IGNORECASE,
)
# "We went hiking yesterday."
_PAST = phrases(
    r"""
    went | got | made | took | saw | met | bought | came | gave | ran | won | lost | found | left | wrote
    | built | grew | began | became | chose | quit | ago | yesterday
    | last (?:week|weekend|month|year|night|\w+day)
    | (?:^|(?:i|we|he|she|they|user|who|and) )(?:(?:just|also|even|finally|recently|already|really|never
    |always|once|both|all) )?(?:was|were|had|did|[a-z]{2,}ed)
    """,
    before=r"\b",
)
# Ordered: the first match decides the kind.
_KIND_PATTERNS = (
    ("identity", _IDENTITY),
    ("plan", _PLAN),
    ("preference", _PREFERENCE),
    ("relationship", _RELATIONSHIP),
    ("event", _PAST),
)

# Terms common in any chat; a sentence of nothing else is empty: "That sounds like a great idea!"
_GENERIC = frozenset(
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

# Words in front of a statement that add nothing: "Oh wow, I moved to Rome". Those of the second group need
# punctuation behind them: "No, I moved" but not "No dogs here".
_OPENER = phrases(
    r"""
    (?:oh|wow|whoa|yeah|yea|yes|yep|yup|well|so(?! far\b)|and|but|also|plus|anyway|actually|honestly|btw
    |hey|hi
    |hello|haha|lol|hm+|umm?|ugh+|aw+|ah+|gosh|omg|by the way|to be honest|fyi
    |for the record)\b[\s,!.:;\u2014\u2013-]+
    | (?:however|therefore|then|in addition|additionally|moreover|besides|for example|for instance|as for me
    |no|nope|nah|ok|okay|sure|man|dude|great|cool|nice|awesome|absolutely|definitely|exactly|totally
    |for sure|of course|you know|i mean|right|thanks|thanks a lot|thanks so much|thank you
    |thank you so much|same here|me too|agreed|true|not really)\s*[,!.:;\u2014\u2013-]+\s*
    """,
    after="",
)
_THANKS_FOR = Pattern(r"(?:thanks|thank you|sorry) (?:for|about)[^,.!]*[,!.]+\s+", re.IGNORECASE)
_REMEMBER = phrases(
    r"""
    (?:remember|note|keep in mind|bear in mind|don't forget|do not forget) (?:that|this)
    | (?:remember|note|keep in mind|don't forget)(?=:| (?:i|i'm|my|we|our)\b) | just so you know
    | save (?:that|this) | make a note that
    """,
    before=r"(?:please |also )*",
    after=r"\b[:,]?\s*(?=\w)",
)
# The end of "I love hiking, don't you?", which is a statement.
_TAG = phrases(
    r"""
    right | you know | know what i mean | huh | eh | what | how | do | does | don't | did | have | haven't
    | can | could | would | isn't | aren't | any | are | is | you | yours
    """,
    before=r"\s*[,;\u2014\u2013-]+\s*(?:and |but |so )?",
    after=r"\b[^,;]*\?+!?$",
)

# "Tell me a joke."
_COMMAND = phrases(
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
# "Good luck tomorrow!"
_SMALL_TALK = phrases(
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
# First person in form, but about the conversation itself: "I totally agree", "We can only imagine".
_BACKCHANNEL = phrases(
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
    | {_FEELING} (?:you|for (?:you|your)|your|that|of your?|it|to (?:hear|see|help|have (?:you|your)
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
_OPINION = phrases(
    "think | guess | believe | feel like | suppose | bet | mean",
    before="(?:i|we) (?:really |just |also |honestly )?",
    after=r"\b(?: that\b)?,? ",
)

_AGE = Pattern(r"\b(?:i'm|i am|turned) \d{1,3}\b", re.IGNORECASE)
# "Dana moved to Lisbon, right?" asks, unlike "I love hiking, don't you?".
_ASKS_TO_CONFIRM = Pattern(
    r"[,;\u2014-]\s*(?:right|correct|no|true|yes|isn['\u2019]t (?:it|he|she)|wasn['\u2019]t (?:it|he|she|I)"
    r"|didn['\u2019]t (?:I|we|he|she)"
    r"|don['\u2019]t (?:I|we)|am I right|is that right|eh)\s*\?+!?$",
    re.IGNORECASE,
)
# About the conversation itself, or what the assistant proposed.
_ABOUT_THE_TALK = phrases(
    r"""
    (?:i'm|i am|i was)(?: \w+)? (?:asking|not (?:really |quite |entirely |totally |completely )?(?:sure
    |certain|convinced)|unsure|confused|curious
    |wondering|stuck|lost|open to|trying to (?:understand|figure|decide|see|make sense|wrap my)
    |having (?:trouble|difficulty|a hard time|problems?)
    (?:understanding|figuring|with (?:this|that|it)))
    | i (?:ask|asked) (?:because|since|as) | the reason i(?:'m| am)? ask\w* | i (?:just |really |also\s
    |still )?(?:don't|can't|couldn't|didn't) (?:really |quite |fully )?(?:understand|get (?:it|that|this
    |why|how|what)|follow|know (?:if|what|how|why|where|when|which|whether|the)|see (?:how|why|what|the)
    |figure|think (?:so|that|it)
    |remember|mind)
    | i(?:'d| would)? (?:just |also |really |still )?(?:want|need|like|love|have)(?:ed)? to (?:make sure
    |ensure|know|understand|ask|confirm|clarify|verify
    |double-?check|see (?:if|how|what|whether|some|an? example)|hear|get (?:some|your|a better)
    |learn more about (?:this|that|it))
    | i (?:just |also |really )?(?:need|want|could use|would like|'d like) (?:some |a bit of |a little\s
    |more |any |your )?(?:help|advice|guidance|tips|ideas|suggestions
    |clarification|examples?|information|info|details|recommendations?|input|feedback|assistance|a hand)
    | i(?:'ll| will|'m going to|'m gonna|'d|think i'll| think i will)(?: \w+)? (?:(?:\w+ ){0,4})?(?:this{time}
    |that|these|those|it|them|your|you suggested|you mentioned|the (?:plan|steps
    |advice|suggestions?|tips|schedule|changes|list|strategies|ideas|recommendations?|template|outline
    |framework|approach|guide)|keep (?:you|ya) posted|let you know
    |get back to you|report back|keep in touch)\b
    | i(?:'ve| have) (?:got |another |a |one more |the following )*(?:question|code so far|following)
    | i(?:'ve| have)? (?:read|saw|seen|heard) (?:that|about|somewhere)
    | (?:we|i)(?:'ll| will)? (?:chat|talk|catch up|speak|be in touch) (?:soon|later|again) | as (?:i
    |you) (?:said|mentioned|told)
    | (?:we|i) can(?:'t)? (?:also |maybe |always |definitely )?(?:try|do|look|start|add|use|focus|go|see
    |discuss|talk|work) | we could | maybe (?:we|i) (?:can|could|should)
    | (?:i'd|i would) (?:rather|love to|like to) (?:show|share|hear|see|check|try) | here(?: is| are|'s)
    | i (?:took|have|got) (?:a|this|some|these) (?:pic|photo|picture)s?
    | (?:that|this|the|your|those|these|"[^"]{1,60}") (?:[\w-]+ ){0,4}?(?:by (?:\w+ ){1,3})?(?:sounds?
    |looks?|seems?) (?:really\s
    |so |very |like |pretty |absolutely )?(?:\w+) | i(?:'d| would)? (?:highly |really\s
    |definitely )?(?:recommend|suggest|advise)
    | i(?:'ll| will| can) (?:send|show|share|tell|give) (?:you|ya) | can't wait to see how
    | if you(?:'re| are| want| need| like| ever| have| would) | (?:i'd
    |i would) (?:really )?love to (?:join|help|come|be (?:there|part))
    | hopefully,? (?:this|it|that|these|they) | (?:i'm|i am) (?:so |truly |really |very )*(?:grateful
    |thankful) for
    | i (?:feel|felt) like (?:i|it|we) (?:was|am|were|is|made|did) | sometimes it's
    | as soon as | (?:almost|just) as | whenever i (?:see|hear|look|think)
    | (?:i'm|i am|we're|i feel|i'm feeling) (?:(?:so|really|very|just|a bit|kinda|too|pretty|super|still
    |such|quite|all)[ ])*(?:tired|exhausted
    |hungry|thirsty|bored|sleepy|cold|hot|sad|happy|upset|angry|annoyed|lonely|worried|nervous|anxious
    |stressed|sick of it|done|overwhelmed
    |excited|relieved|better|worse|great|awful|terrible|proud)(?:,? (?:today|now|right now|again|lately
    |too|though|about (?:it|that|this)|tbh|lol))*\W*$
    | i (?:just )?(?:want|wanted) to (?:share|show|say|tell|add|mention|thank)
    """.replace("{time}", _OF_TIME)
)
# "Mom said she would come": nobody else's.
_PARENT = phrases(
    """
    (?:mom|mum|mommy|mama|dad|daddy|papa|grandma|grandpa|granny|nana)(?: and (?:mom|mum|dad|i|grandpa
    |grandma))?
    (?!is |was )\\w+
    """
)
# "It's slow, the table has 40 million rows".
_JUDGED_FIRST = Pattern(r"(?:it|that|this)(?:'s| is) (?:\w+ ){0,2}\w+, ", re.IGNORECASE)
_OTHER = phrases(rf"(?:my|our) (?:[\w-]+ ){{0,2}}?{_FAMILY}")
# "Sticking to my schedule is key": judges what one does.
_DOING = Pattern(
    r"(?:not )?\w{3,}ing\b[^,;]*? (?<!who )(?<!that )(?<!which )(?<!what )(?<!it )(?<!he )(?<!she )(?<!they )"
    r"(?<! i )(?<!we )(?<!you )(?<!there )(?:is|are|isn't|was|will|would|can|could|helps?|helped|makes?|made"
    r"|feels?"
    r"|felt|gives?|brings?|keeps?|warms|means|takes|lets|allows|has|seems?|sounds?|shows?|reminds?|works?|turns)\b",
    re.IGNORECASE,
)
_MEASURED = Pattern(r"\d|(?<=[\w,] )(?!I\b)[A-Z][a-z]")
# "If they're not available", "This way I save time": refers to the talk before.
_REFERRING = phrases(
    r"""
    if (?:it|they|that|this|he|she|those|these|not|so)\b | if (?:we|you) (?:\w+ )+(?:can|could|will)
    | (?:this|that) way
    | (?:next|this|every|last)? ?\w+day works | by \w+ing (?:.*)(?:we|you|one) can | no matter
    | whether or not
    | for that | in that case | with that | after that | then (?:again|it|that|they) | otherwise
    | as for (?:that|it|this)
    | since (?:it|that|this|they)
    """
)
# "Added to my list": what was added?
_HANGS = Pattern(r"\w+ed (?:to|it|that|this|on|in|for|from)\b", re.IGNORECASE)
_OWN = Pattern(
    r"\b(?:i|i'm|i've|i'll|i'd|my|me|mine|myself)\b|^(?:we|our|we're|we've|we'll)\b", re.IGNORECASE
)
# Something that happened or is measured, or somebody with a name.
_TOLD = Pattern(r"\d|\b(?:went|got|took|made|met|bought|was|were|had|did|\w{2,}ed)\b|(?<=[\w,] )[A-Z][a-z]")
_ANY_OF_US = Pattern(r"\b(?:we|us|our|ourselves)\b", re.IGNORECASE)
_GENERAL = phrases(
    r"""
    (?:\w+ing|life|love|family|friends?|people|everyone|everybody|sometimes|art|music|nature|change|hope
    |kindness|community|time|when
    |events?|moments?|things?|those|these|it|that|this|there|what|how|no matter|even|together|as|in|every
    |all|little|small|being|having
    |nothing|support|memories|animals|pets|books|stories|food|sports|dance|yoga)
    """
)
_CALL = Pattern(r"([A-Z]\w+)[,!]\s+")
_WORD = Pattern(r"[\w-]+")


def read(sentence: str, *, names: frozenset[str], lenient: bool) -> Reading | None:
    """Classify a sentence.

    Args:
        sentence: one sentence as written.
        names: lower-case names of people and things in the conversation.
        lenient: keep statements about anything, not only about the speaker or a name.

    Returns:
        The statement and its kind, or ``None`` if there is nothing to keep.
    """
    if is_ironic(_plain(sentence)) or _ASKS_TO_CONFIRM.search(sentence):
        return None
    core, remembered = _core(sentence, names)
    # Before its end is cut: "If I ask for a recipe, give me metric units".
    if not is_standing_wish(spelled(core)):
        core = told(core)
    plain = spelled(core)
    if not plain or _is_question(plain):
        return None
    instruction = _INSTRUCTION.match(plain) is not None or is_standing_wish(plain)
    if remembered or instruction:
        kind = "instruction" if instruction else _kind(plain)
        return Reading(core, kind, remembered=True) if _content(plain) > 0 else None
    if is_unreal(plain) or plain.count("**") % 2:
        return None
    if not is_decision(plain) and (_is_talk(plain) or _ABOUT_THE_TALK.match(plain)):
        return None
    if _ELSEWHERE.match(plain) and not is_project_fact(plain):
        judged = _JUDGED_FIRST.match(plain)
        if judged is None or not is_project_fact(plain[judged.end() :]):
            return _elsewhere(core, plain, lenient)
        core, plain = core[judged.end() :], plain[judged.end() :]
        core = core[0].upper() + core[1:]
    return _statement(core, plain, names, lenient)


def _statement(core: str, plain: str, names: frozenset[str], lenient: bool) -> Reading | None:
    """Classify a sentence that has a subject of its own."""
    decided = is_decision(plain)
    if not lenient and not decided and _hangs(plain):
        return None
    if not decided and not _is_statement(plain, names, lenient):
        return None
    kind = "plan" if _NOTE.match(plain) and _VERB.search(plain) is None else _kind(plain)
    content = _content(plain)
    if decided or lenient or kind == "identity" or _COMPLETE.match(plain):
        return (
            Reading(core, kind)
            if content >= (0 if kind == "identity" and _AGE.search(plain) else 1)
            else None
        )
    refers = _REFERS.search(plain) is not None
    if refers and _ANTECEDENT.match(plain) is None:
        # "I ride it to work": what it is, only the sentence before may say.
        return Reading(core, kind, continues=True, alone=content >= (2 if kind == "relationship" else 4))
    needed = 1 if kind == "preference" else 2
    if kind != "relationship" and not refers and _DEICTIC.search(plain):
        needed = 3
    return Reading(core, kind) if content >= needed else None


def is_about_other(text: str, names: frozenset[str]) -> bool:
    """Return whether a fact is about a person other than its speaker: "My sister lives in Oslo"."""
    plain = _plain(text)
    return _OTHER.match(plain) is not None or is_about_person(plain, names)


def _plain(text: str) -> str:
    return text.replace("\u2019", "'")


def _core(sentence: str, names: frozenset[str]) -> tuple[str, bool]:
    """Strip openers, forms of address and tag questions; return the rest, and whether it must be
    remembered.

    "Oh Ana, please remember that I'm vegan, ok?" gives ``("I'm vegan.", True)``.
    """
    plain = _plain(sentence)
    start = 0
    remembered = False
    while True:
        before = start
        for pattern in (_OPENER, _THANKS_FOR):
            if match := pattern.match(plain, start):
                start = match.end()
        if match := _REMEMBER.match(plain, start):
            start, remembered = match.end(), True
        match = _CALL.match(plain, start)
        if match and match[1].lower() in names:
            start = match.end()
        if start == before:
            break
    core = _without_tag(sentence[start:].strip())
    if start and core[:1].islower():
        core = core[0].upper() + core[1:]
    return core, remembered


def _without_tag(core: str) -> str:
    """Return "I love hiking." for "I love hiking, don't you?"."""
    plain = _plain(core)
    if plain.rstrip("!").endswith("?") and (tag := _TAG.search(plain)):
        head = core[: tag.start()]
        if len(head.split()) > 2:
            return head + "."
    return core


def _is_question(plain: str) -> bool:
    return plain.rstrip("!)\"' ").endswith(("?", "\uff1f")) or QUESTION.match(plain) is not None


def _is_talk(plain: str) -> bool:
    """Return whether a sentence is a request, small talk or a reaction."""
    if _COMMAND.match(plain) or _SMALL_TALK.match(plain) or _BACKCHANNEL.match(plain):
        return True
    if opinion := _OPINION.match(plain):
        # "I think I'll go" is about the speaker; "I think it's great" is not.
        rest = plain[opinion.end() :]
        return _SUBJECT.match(rest) is None or _BACKCHANNEL.match(rest) is not None
    return False


def _elsewhere(core: str, plain: str, lenient: bool) -> Reading | None:
    """Classify a sentence that begins with a pronoun such as "she" or "that"."""
    content = _content(plain)
    continuing = 1 if _PERSON.match(plain) else 2 if _TOLD.search(plain) else 3
    if _REFERRING.match(plain) or (_JUDGES.match(plain) and not (lenient and _TOLD.search(plain))):
        return None
    continues = content >= continuing and _CONTINUES.match(plain) is not None
    enough = 2 if lenient or _RELATIONSHIP.search(plain) else 3
    alone = content >= enough and (lenient or _SUBJECT.search(plain) is not None)
    return Reading(core, _kind(plain), continues=continues, alone=alone) if alone or continues else None


def _kind(plain: str) -> str:
    return next((kind for kind, pattern in _KIND_PATTERNS if pattern.search(plain)), "fact")


def _hangs(plain: str) -> bool:
    """Return whether a sentence tells nothing without what was said before it, or nothing of anyone."""
    if plain.rstrip().endswith(":") or _REFERRING.match(plain) or _is_general(plain):
        return True
    if _DOING.match(plain) and _MEASURED.search(plain) is None:
        return True
    return _HANGS.match(plain) is not None and _ELLIPTIC.match(plain) is None


def _is_general(plain: str) -> bool:
    """Return whether a sentence is about people in general: "Life is so busy that we overlook much"."""
    if _OWN.search(plain) or _TOLD.search(plain):
        return False
    # "Trips create memories that we share": of all the people that "we" may be, of none.
    return _GENERAL.match(plain) is not None or (
        _ANY_OF_US.search(plain) is not None and not is_project_fact(plain) and not _ELLIPTIC.match(plain)
    )


def _is_statement(plain: str, names: frozenset[str], lenient: bool) -> bool:
    if _SUBJECT.search(plain) or _USER.match(plain) or _ELLIPTIC.match(plain) or _NOTE.match(plain):
        return True
    if is_project_fact(plain) or is_about_person(plain, names) or _PARENT.match(plain):
        return True
    has_verb = _VERB.search(plain) is not None
    if lenient:
        return has_verb or len(plain.split()) > 2 or _PAIR.match(plain) is not None
    first = _WORD.match(plain)
    return has_verb and first is not None and first[0][0].isupper() and first[0].lower() in names


def _content(plain: str) -> int:
    """Count the terms that distinguish a sentence from others; single letters do not, numbers do."""
    return sum(term not in _GENERIC and (len(term) > 1 or term.isdigit()) for term in query_terms(plain))

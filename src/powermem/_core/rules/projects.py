"""Facts of a project or a team, its decisions, and standing wishes: "The API key is stored in Vault."."""

from __future__ import annotations

from .sentences import phrases

__all__ = ["is_decision", "is_project_fact", "is_standing_wish"]

_THING = r"""(?:api|apis|repo|repos|repository|monorepo|codebase|code base|database|databases|db|schema
    |table|tables|index
    |key|keys|token|tokens|secrets?|credentials|password|passwords|url|urls|endpoint|endpoints|server
    |servers|cluster
    |staging|production|prod|dev|environment|environments|env|ci|ci/cd|build|builds|pipeline|pipelines
    |tests?|test suite|suite
    |branch|branches|main|deploys?|deployments?|releases?|rollout|version|versions|backend|back end
    |frontend|front end|service
    |services|microservices|app|apps|site|website|webapp|queue|queues|cache|config|configuration|container
    |containers|docker\w*
    |image|images|bucket|domain|port|ports|proxy|gateway|load balancer|license|licence|coverage|linter
    |formatter
    |package manager|packages?|dependencies|module|modules|library|sdk|cli|client|clients|script|scripts
    |cron ?jobs?|jobs?
    |logs|logging|metrics|monitoring|alerts|migrations?|sprints?|sprint|standups?|stand-ups?|retro
    |deadline|budget|meeting
    |kickoff|demo|launch|milestones?|customers?|users?|tickets?|backlog|team|teams|squad|office|company
    |project|projects|product
    |eta|wi-?fi|router|printer|modem|laptop|computer|phone|tablet|tv|screen|display|battery|charger
    |firmware|device|error|bug
    |issue|crash|crashes|order|invoice|package|parcel|subscription|account|warranty|serial number|model
    |number|code style
    |convention|conventions|naming|commits?|commit messages|pull requests|prs|reviews?|docs|documentation
    |readme|style guide
    |design|mockups|prototype|api key|contract|client|vendor|supplier|stakeholders?|owner|lead|on-?call
    |codeowners|webhooks?
    |auth|authentication|login|payments?|billing|search|frontend team|backups?|snapshots?|worker|workers
    |scheduler|timeout
    |limit|limits|rate limit|quota|threshold|retention|region|zone|instance|instances|vm|vms|node|nodes
    |pods?|namespace
    |time ?zone|locale|currency|logo|brand colou?rs?|colou?rs?|font|theme|slogan|tagline|room|door|gate
    |key ?card|alarm|pin)"""
_TOOL = r"""(?:python|node|node\.js|typescript|javascript|java|kotlin|swift|go|golang|rust|ruby|rails
    |django|flask|fastapi
    |spring|react|vue|angular|svelte|next\.js|postgres|postgresql|mysql|mariadb|sqlite|mongo|mongodb|redis
    |kafka|rabbitmq
    |elasticsearch|kubernetes|k8s|terraform|ansible|jenkins|github|gitlab|bitbucket|jira|slack|sentry
    |grafana|prometheus
    |datadog|aws|gcp|azure|s3|vault|nginx|celery|pytest|jest|vitest|webpack|vite|eslint|prettier|ruff
    |black|mypy|npm|pnpm|yarn
    |poetry|pip|uv|cargo|maven|gradle|cmake|bazel|ubuntu|debian|windows|macos|linux|android|ios)"""
_STATES = r"""(?:[a-z]{3,}[a-rt-z]s|[a-z]{3,}ed|is|are|was|were|isn't|aren't|wasn't|has|have|had|hasn't
    |will|won't|must|should|can't|can
    |runs?|lives?|uses?
    |needs?|requires?|returns?|stores?|sits?|goes|go|points?|belongs?|starts?|ends?|happens?|takes?|costs?
    |expires?|supports?
    |rejects?|fails?|failed|breaks?|broke|crashes|crashed|deploys?|ships?|reads?|writes?|talks?|listens?
    |connects?|depends?
    |comes?|works?|stopped|stops?|keeps?|shows?|says?|freezes|froze|won't|doesn't|don't|didn't|does|did
    |throws?|logs?|consumes?
    |follows?|moved|switched|migrated|targets?|owns?|handles?|allows?|blocks?|caps?|closes?|opens?|arrived
    |came|gets?|got)"""
# "The API key is stored in Vault", "Tests run with pnpm", "Python is pinned at 3.10".
_FACT = phrases(
    rf"""
    (?:the|our|my|all|every|each|both|this
    |any) (?:[\w/.#'-]+ ){{0,4}}?{_THING}(?:'s)?(?: [\w/.#'-]+){{0,4}}? {_STATES}
    | (?:[\w/.#-]+ ){{0,1}}{_THING}(?: (?:in|for|on|of|at|to) (?:the |our )?[\w/.#-]+)? {_STATES}
    | {_TOOL}(?: [\w.]+)? {_STATES} | the (?:[\w'-]+ ){{1,3}}(?:is|are) (?:in|at|on|under|behind|called
    |named) \w
    """
)
_VAGUE = phrases(
    r"""
    (?:the|this|our|my|all) (?:\w+ )?(?:thing|problem|question|idea|answer|point|best|worst|way|reason
    |fact|truth|rest
    |only|other|same|first|next|weather|sky|movie|film|view|food|book|song) | this (?:is|was|one|will|can
    |has)
    """
)
_JUDGES = phrases(
    r"""
    (?:is|are|was|were|looks?|sounds?|seems?)(?: \w+)? (?:great|good|nice|cool|awesome|amazing|wonderful
    |beautiful|lovely
    |fantastic|perfect|fine|ok|okay|clear|helpful|useful|interesting|boring|fun|hard|easy|important
    |crucial|essential|key)
    """,
    before=r"\b",
    after=r"\W*$",
)
_DECIDES = phrases(
    r"""
    (?:go|going) (?:with|for) | use | stick (?:with|to) | switch (?:back )?to | standardi[sz]e on
    | settle on | target
    | pin | drop (?:support|the) | deprecate | support | move (?:the \w+ )?to (?!the next|on)
    | migrate to | keep (?:the|using)
    | call (?:it|the|this) | name (?:it|the|this) | host | deploy (?:to|on) | adopt | pick | choose | ship
    """,
    before=r"(?:ok(?:ay)?,? |so,? |then,? |alright,? )*(?:let's|let us|we(?:'ll| will| decided to| agreed to"
    r"|'re going to|'ve decided to| should always)) (?:just |please )?",
)
_EMPTY_DECISION = phrases(
    r"that | this | those | them | it(?! (?:over|as|the)\b)", before=r"(?:with|for|use|to|on|keep)\s"
)

_STYLE = r"""(?:emojis?|emoticons|jargon|bullet(?: ?points?|s| lists?)?|exclamation (?:points|marks)
    |markdown|tables|acronyms
    |abbreviations|semicolons|tabs|spaces|comments|mocks|slang|passive voice|capital letters|caps|headings
    |headers|footnotes
    |code blocks|disclaimers|apologies|small talk|metaphors|em ?dashes|filler|clich\w+|contractions
    |oxford commas?|hyphens
    |inches|miles|pounds|fahrenheit|celsius|metric|imperial|type hints|docstrings|semicolons|globals
    |print statements|any)"""
_DO_NOT = phrases(
    r"""
    (?:ever )?(?:use|using|add|adding|include|including|write|writing|put|call|calling|send|sending
    |suggest|suggesting
    |recommend|recommending|mention|mentioning|answer|answering|reply|respond|give|giving|assume|ask
    |asking|commit|committing
    |push|merge|touch|edit|modify|change|delete|remove|show|repeat|apologi[sz]e|apologi[sz]ing|translate
    |explain|explaining
    |schedule|scheduling|book|booking|contact|share|start|end|sign|format|mix|install|introduce|skip|say
    |quote|summari[sz]e
    |address|greet|spoil|swear|bring up) (?!(?:that|it|this|them|me|anything|up on|to)\W*$)
    """,
    before=r"(?:please,? |and |also,? |but )*(?:don't|do not|never|avoid|stop|no more|refrain from)\s",
)
_NO_STYLE = phrases(rf"{_STYLE}", before=r"(?:please,? )?(?:no|avoid|skip(?: the)?|without|fewer|less)\s")
_WISH = phrases(
    rf"""
    (?:please |and |also )*(?:keep|make) (?:your |the |all |all your |every )?(?:answers?|replies|reply
    |responses?|messages?
    |explanations?|summaries|emails?|code|functions?|commits?|commit messages|it
    |things) (?:always )?(?:\w+ )?(?:short|brief
    |concise|simple|formal|informal|casual|polite|under|below|to|at most|within|in|small|friendly|detailed
    |professional)
    | (?:please )?(?:answer|respond|reply|speak|talk|explain(?: things)?)(?: to me)? (?:only\s
    |always )?(?:in|like|as if
    |with|using|briefly|formally|informally|casually) (?!(?:a|an|the|this|that|detail|more|my)\b)
    | (?:please )?(?:always )?(?:use|prefer|favou?r|stick (?:to|with)) (?!(?:the|this|these|that|those|it
    |my|your|a|an)\b)(?:[\w./+#'-]+ ){{1,4}}?(?:for|instead of|not|over|rather than|when|in|everywhere
    |only|as|style
    |spelling|units|format|time
    |quotes|hints|naming|case)
    | (?:please )?(?:always )?(?:use|prefer|favou?r) {_STYLE}
    | (?:please )?(?:answer|respond|reply|write)(?: to me)? (?:shortly|briefly|concisely|formally|casually)
    | (?:when(?:ever)?|if|every time|each time) (?:i|you) (?:ask|say|write|mention|send|answer|reply
    |respond|write|explain|give
    |suggest|recommend|refer)\b[^,]{{0,80}},? (?:please |always |then |just )*(?:use|answer|reply|respond
    |give|include|add|keep|write
    |show|don't|do not|never|always|start|remind|convert|assume|skip|say|call|explain|list|suggest|avoid)
    | (?:you (?:can|may|should) )?(?:call|address) (?:me|us)(?: by| as)? | refer to me | my pronouns
    | (?:i|we) (?:want|'d like|would like|expect|need|prefer|like) (?:you(?:r (?:answers|replies
    |responses))?|all (?:answers|replies
    |responses)|(?:answers|replies|responses)) (?:to (?:always|never|be|use|answer|reply|call|speak)|in
    |short|brief|without|with)
    """
)
_MOMENTARY = phrases(
    r"""
    (?:don't|do not) (?:use|change|edit|touch|delete|remove|show|give|add|write)
    (?:that|this|it|them|those|these)
    """,
    after=r"\b",
)


def is_project_fact(plain: str) -> bool:
    """Return whether a sentence states something about a project, a team, a device or an order."""
    return _FACT.match(plain) is not None and _VAGUE.match(plain) is None and _JUDGES.search(plain) is None


def is_decision(plain: str) -> bool:
    """Return whether a sentence is a decision of people who work together: "Let's go with Postgres"."""
    return _DECIDES.match(plain) is not None and _EMPTY_DECISION.search(plain) is None


def is_standing_wish(plain: str) -> bool:
    """Return whether a sentence says how the assistant is to work or answer from now on."""
    if _WISH.match(plain) or _NO_STYLE.match(plain):
        return True
    return _DO_NOT.match(plain) is not None and _MOMENTARY.match(plain) is None

"""Claims in Chinese statements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...patterns import Pattern
from . import places
from .claim import SELF, Claim, Clauses, Rule
from .grammar import Grammar, compiled, judged_alike

_RELATIONS = {
    "妹妹": "sister", "姐姐": "sister", "哥哥": "brother", "弟弟": "brother", "妈妈": "mother",
    "母亲": "mother", "爸爸": "father", "父亲": "father",
    "老婆": "wife", "妻子": "wife", "太太": "wife", "老公": "husband", "丈夫": "husband",
    "女朋友": "girlfriend", "男朋友": "boyfriend", "女友": "girlfriend",
    "男友": "boyfriend", "女儿": "daughter", "儿子": "son", "爸妈": "parents", "父母": "parents",
    "老板": "boss", "同事": "colleague", "朋友": "friend",
    "闺蜜": "best friend", "奶奶": "grandmother", "外婆": "grandmother", "爷爷": "grandfather",
    "外公": "grandfather", "表哥": "cousin", "表妹": "cousin",
    "表弟": "cousin", "表姐": "cousin", "室友": "roommate", "邻居": "neighbour", "未婚妻": "fiance",
    "未婚夫": "fiance",
}  # fmt: skip
_KIN = "|".join(sorted(_RELATIONS, key=len, reverse=True))
_ADVERB = (
    "(?:现在|目前|如今|已经|刚刚|刚|最近|上个?月|去年|今年|这个?月|上周|昨天|今天|一直|一家|全家|都|终于|正式|正|就|其实|从(?:上个?月"
    "|今年|去年|昨天|\\d+月)(?:开始|起)?"
    "|上个?星期|前天|前几天|今早|于是|后来|还是|仍然|依然|是|自己|每天|经常|常常|平时|总是|天天|(?:\\d+|[一二三四五六七八九十]+)月(?:份|初|底)?|早就|早已|，)*"
)
_PARTS = {
    "WHO": (
        rf"(?:{_ADVERB}(?P<who>我(?:们|家)?(?:的)?(?:{_KIN})|我们|咱们|我|本人|用户|(?:小|老"
        rf"|阿)[\u4e00-\u9fff](?=现?[住在搬叫]|去年|上个?月|已经|跳)|[A-Z][a-z]+))?{_ADVERB}"
    ),
    "V": r"(?P<value>\S.*)",
    "X": r"(?P<value>[^，。！]+?)",
}
_RULES = compiled(
    (
        Rule("home", r"<WHO>(?:住在|居住在|定居在|定居于|定居|安家在|住)<V>", kind="place"),
        Rule("home", r"<WHO>在<X>(?:生活|居住|定居|住)(?:了.*)?", kind="place"),
        Rule(
            "home",
            r"<WHO>(?:从(?P<former>[^，]+?))?(?:搬家到|搬到|搬去|搬来|搬至|搬回|移居到?|迁居?到|搬进)了?<V>",
            marked=True,
            kind="place",
        ),
        Rule("home", r"<WHO>(?:现在)?(?:已经)?不(?:再)?住在?<V>", ends=True, marked=True, kind="place"),
        Rule(
            "home",
            r"<WHO>(?:以前|曾经|过去|原来|之前)(?:一直)?(?:住在|在)<X>(?:住|生活|住过)?(?:过)?",
            ends=True,
            kind="place",
        ),
        Rule("home", r"<WHO>(?:离开|搬离|搬出)了?<V>", ends=True, marked=True, kind="place"),
        Rule("employer", r"<WHO>在<X>(?:工作|上班|任职|就职|打工)(?:了.*)?", kind="firm"),
        Rule(
            "employer",
            r"<WHO>(?:是|就职于|任职于|供职于)<X>的(?:员工|职员|工程师|程序员|设计师|经理)",
            kind="firm",
        ),
        Rule("employer", r"<WHO>(?:就职于|任职于|供职于)<V>", kind="firm"),
        Rule(
            "employer",
            r"<WHO>(?:从(?P<former>[^，]+?))?(?:加入|入职|跳槽到|跳槽去|跳到|换到)了?<V>",
            marked=True,
            kind="firm",
        ),
        Rule(
            "employer",
            r"<WHO>(?:现在)?(?:已经)?不(?:再)?在<X>(?:工作|上班|任职|干)了?",
            ends=True,
            marked=True,
            kind="firm",
        ),
        Rule(
            "employer",
            r"<WHO>(?:以前|曾经|过去|之前|原来)在<X>(?:工作|上班|任职)(?:过)?",
            ends=True,
            kind="firm",
        ),
        Rule("employer", r"<WHO>从<X>(?:离职|辞职|退休)了?", ends=True, marked=True, kind="firm"),
        Rule("employer", r"<WHO>(?:离开)了?<V>", ends=True, marked=True, kind="firm"),
        Rule(
            "employer",
            r"<WHO>(?:辞职|离职|辞掉了?(?:工作)?|辞了(?:工作|职)?|被裁|被裁员|被辞退|失业|退休)了?",
            ends=True,
            marked=True,
        ),
        Rule("job", r"<WHO>(?:是|做)(?:一名|一个|一位|个|名)?<V>", kind="trade"),
        Rule(
            "job",
            r"<WHO>(?:当上?|成为|转行做|转行当|升职?为|升(?:了|成|任))了?(?:一名|一个|一位)?<V>",
            marked=True,
            kind="trade",
        ),
        Rule("job", r"<WHO>的(?:工作|职业)是<V>", marked=True, kind="job"),
        Rule("name", r"<WHO>(?:的名字)?(?:叫做?|名叫|名字[是叫])<V>", kind="name"),
        Rule("name", r"<WHO>(?:改名叫?|改名为|改名成)了?<V>", marked=True, kind="name"),
        Rule(
            "age",
            r"<WHO>(?:年龄是?)?(?P<value>\d{1,3}|[一二三四五六七八九十]{1,3})岁(?P<turned>了)?",
            kind="age",
        ),
        Rule("age", r"<WHO>满(?P<value>\d{1,3}|[一二三四五六七八九十]{1,3})岁?了?", marked=True, kind="age"),
        Rule(
            "partner",
            r"我的?(?:新)?(?:女朋友|男朋友|老婆|老公|妻子|丈夫|太太|未婚妻|未婚夫)(?:的名字)?(?:叫做?|名叫)<V>",
            kind="name",
        ),
        Rule("partner", r"<WHO>(?:和|跟|与)<X>(?:在一起|交往|谈恋爱|恋爱|结婚)了?", kind="name"),
        Rule(
            "partner",
            r"<WHO>(?:(?:和|跟|与)(?:我?(?:女朋友|男朋友|老婆|老公|前任|对象)|<X>))?(?:分手|离婚)了",
            ends=True,
            marked=True,
            kind="who",
        ),
        Rule("partner", r"<WHO>(?:单身|离异)了?", ends=True, marked=True),
        Rule("status", r"<WHO>(?P<value>单身|已婚|未婚|离异|离婚|订婚|结婚|分手)了?"),
        Rule(
            "favourite {}",
            r"<WHO>最(?:喜欢|爱)(?:吃|喝|看|听|玩)?的(?P<what>[^是，]{1,8}?)(?:现在)?(?:是|变成了?|换成了?)<V>",
            kind="favourite",
        ),
        Rule(
            "favourite {}",
            r"<WHO>最(?:喜欢|爱)(?:吃|喝|看|听)?的(?P<what>[^是，]{1,8}?)(?:不再是|已经不是|不是)<V>",
            ends=True,
            marked=True,
            kind="favourite",
        ),
        Rule(
            "favourite {}",
            r"<X>是我(?:现在)?最(?:喜欢|爱)(?:吃|喝|看|听)?的(?P<what>[^，]{1,8})",
            kind="favourite",
        ),
        Rule(
            "{}",
            (
                r"我的?(?:新的?)?(?P<what>(?:工作|公司|办公|家庭|家里)?的?(?:手机号码?|电话号码?|电话|手机|邮箱|电子邮箱|地址|家庭住址|住址"
                r"|微信号?|邮编))(?:已经)?(?:现在)?(?:是|改成了?|换成了?|变成了?|改为了?|换了，?(?:现在)?是)<V>"
            ),
            kind="number",
        ),
        Rule(
            "{}",
            r"我的?(?:新)?(?P<what>牙医|医生|老板|房东|教练|导师|经理|上司)(?:现在)?(?:是|叫|换成了?)<V>",
            kind="name",
        ),
        Rule(
            "{} port",
            (
                r"(?P<what>[\w\u4e00-\u9fff]{1,12}?)(?:服务)?(?:现在)?(?:运行在|跑在|监听|的端口是|的端口改成了?"
                r"|端口改为)(?:端口)?\s?(?P<value>\d+)(?:端口)?(?:上)?"
            ),
        ),
        Rule(
            "{}",
            (
                r"(?:我们的?|项目的?)?(?P<what>截止日期|截止时间|上线时间|发布日期|默认分支|主分支|数据库|密码|版本|服务器地址|预算"
                r"|wifi密码)(?:现在)?(?:是|用的是|改成了?|改为了?|改到了?|换成了?|推迟到了?|提前到了?)<V>"
            ),
            kind="setting",
        ),
        Rule("car", r"<WHO>开(?:的是|着)?一?[辆台部]?<V>", kind="car"),
        Rule("car", r"<WHO>换了(?:一)?[辆台部]<V>", marked=True, kind="car"),
    ),
    **_PARTS,
)
_NAMES = {
    "食物": "food", "菜": "food", "东西": "food", "颜色": "colour", "电影": "film", "书": "book",
    "歌手": "artist", "歌": "song", "运动": "sport", "饮料": "drink",
    "乐队": "band", "手机号": "phone", "手机号码": "phone", "电话号码": "phone", "电话": "phone",
    "电话号": "phone", "手机": "phone", "邮箱": "email",
    "电子邮箱": "email", "地址": "address", "家庭住址": "address", "住址": "address", "家庭地址": "address",
    "工作电话": "phone work", "办公电话": "phone work",
    "公司电话": "phone work", "工作邮箱": "email work", "公司邮箱": "email work", "牙医": "dentist",
    "医生": "doctor", "老板": "boss",
}  # fmt: skip
_TRADE = Pattern(
    r".*(?:师|员|医生|护士|经理|警察|司机|学生|律师|工程师|会计|记者|作家|演员|翻译|厨师|老师|教授|总监|主管|秘书|店长|画家|歌手|教练|顾问)$"
)
_SIGHED = Pattern(r"(?:了|啦|呢|啊|的|吧|住|生活)+$")
_SUBJECT = rf"(?:{_ADVERB}(?:我们?|本人))?{_ADVERB}"
_NO_MORE = Pattern(
    rf"{_SUBJECT}(?:已经)?(?:不再|再也不|现在不|不)(?P<what>(?:吃|喝|抽|吸|玩|打|喜欢|爱|养|用|开|学|练|跑|看|做|坐|穿"
    rf"|戴|弹|踢|骑).*?)(?P<over>了?)$"
)
_QUIT = Pattern(rf"{_SUBJECT}(?:戒掉?了?(?P<what>烟|酒|咖啡|糖|奶茶|游戏|可乐|肉)了?)$")
_FORMER = Pattern(rf"{_SUBJECT}(?:以前|曾经|过去|之前)(?P<what>(?:吃|喝|抽|吸|玩|打|养|开|练|跑|喜欢).+?)$")
_DOES = Pattern(rf"{_SUBJECT}(?P<what>(?:吃|喝|抽|吸|玩|打|用|学|练|跑|弹|踢|骑|穿|戴).+?)$")
_LIKES = Pattern(
    rf"{_SUBJECT}(?:很|非常|特别|挺|最)?(?P<how>喜欢|爱|讨厌|不喜欢|不爱)(?:吃|喝|看|听)?(?P<what>[^的]+?)$"
)
_HAS = Pattern(
    rf"{_SUBJECT}(?P<how>有|养了?|没有|没)(?:一|1)?(?P<unit>辆|只|条|台|部|个"
    rf"|套)?(?P<what>[\u4e00-\u9fff]{{1,4}}?)(?P<over>了?)$"
)
_SOLD = Pattern(
    rf"{_SUBJECT}(?:把|将)?(?:我的|那辆|那台)?(?:(?P<one>[\u4e00-\u9fff]{{1,4}})(?:卖掉?了?|送人了?)"
    rf"|(?:卖掉?了?|送走了?)(?P<other>[\u4e00-\u9fff]{{1,4}}))$"
)
_IS = Pattern(
    rf"{_SUBJECT}(?P<how>是|不是|不再是)(?:一?个|一名)?(?P<what>[\u4e00-\u9fff]{{2,6}}?)(?P<over>了?)$"
)


def _habits(clause: str) -> Iterator[Claim]:
    clause = clause.strip(" 。！!，")
    if match := _QUIT.match(clause):
        for verb in "抽吸喝吃玩打":
            yield Claim(SELF, f"do {verb}{match['what']}", "+", ends=True, marked=True)
    elif match := _FORMER.match(clause):
        yield Claim(SELF, f"do {match['what']}", "+", ends=True)
    elif match := _LIKES.match(clause):
        sign = "+" if match["how"] in ("喜欢", "爱") else "-"
        what, over = _SIGHED.sub("", match["what"]), match["what"].endswith("了")
        if what:
            yield Claim(SELF, f"like {what}", sign, marked=over)
    elif match := _NO_MORE.match(clause):
        what = _SIGHED.sub("", match["what"])
        if (liked := re.match("(?:喜欢|爱)(?:吃|喝|看|听)?(.+)", what)) is not None:
            yield Claim(SELF, f"like {liked[1]}", "-", marked=True)
        else:
            yield Claim(SELF, f"do {what}", "-", marked=True)
    elif match := _HAS.match(clause):
        sign = "-" if match["how"].startswith("没") else "+"
        if match["unit"] or sign == "-" or match["how"].startswith("养"):
            yield Claim(SELF, f"have {match['what']}", sign, marked=bool(match["over"]))
    elif match := _SOLD.match(clause):
        yield Claim(SELF, f"have {match['one'] or match['other']}", "+", ends=True, marked=True)
    elif match := _IS.match(clause):
        yield Claim(
            SELF, f"be {match['what']}", "+" if match["how"] == "是" else "-", marked=bool(match["over"])
        )
    elif match := _DOES.match(clause):
        yield Claim(SELF, f"do {_SIGHED.sub('', match['what'])}", "+")


def _accepts(value: str, kind: str) -> bool:
    value = _SIGHED.sub("", value) if kind else value
    if (alike := judged_alike(value, kind)) is not None:
        return alike
    if kind == "place":
        if places.is_known(places.canonical(value)):
            return True
        return bool(re.match(r"[\u4e00-\u9fffA-Za-z ]{2,12}$", value)) and not re.search(
            r"酒店|宾馆|朋友家|医院|宿舍|公寓|一楼|\d楼|这里|那里|公司|家里|学校|别墅|民宿", value
        )
    if kind == "firm":
        return (
            bool(value)
            and len(value) < 20
            and not places.is_known(places.canonical(value))
            and not re.search(
                r"^(?:家|晚上|白天|周末|外地|国外|这里|那里|学校|路上|夜里|大学)$|[市省县]$", value
            )
        )
    if kind == "trade":
        return bool(_TRADE.match(value)) and len(value) < 10
    if kind == "name":
        return bool(re.match(r"[\u4e00-\u9fff]{2,4}$|[A-Za-z ]{2,20}$", value)) and not re.search(
            r"什么|他|她|了|[朋女男]友|朋友|同事|家人|大家", value
        )
    if kind == "who":
        return not value or _accepts(value, "name")
    if kind == "setting":
        return bool(re.search(r"[\dA-Za-z一二三四五六日]", value)) and len(value) < 30
    if kind == "car":
        return bool(re.search(r"[A-Za-z\u4e00-\u9fff]{2}", value)) and not re.search(
            r"会|车门|门|心|玩笑|始|学|店|公司|车上|车去", value
        )
    return len(value) < 25


_GRAMMAR = Grammar(
    sentence=Pattern(r"[。！？；;!?\n]+"),
    cut=Pattern(r"[，,]\s*(?:所以|而且|并且|但是?|不过|因为|现在改|于是)?"),
    opener=Pattern(
        r"(?:(?P<turn>其实|不对|不是|更正|等等|说错了|纠正一下|更新一下)|(?:嗯|哦|啊|对了?|是的|好的?|那|另外|还有|不过|但是|所以|你好"
        r"|您好|嗨|谢谢|告诉你|顺便说一下|好消息|坏消息|请?记住|跟你说))[,，:：!！、]+\s*"
    ),
    unreal=Pattern(
        "如果|要是|假如|假设|倘若|想要?(?!念)|打算|计划|准备|希望|可能|也许|或许|大概|即将|将要|将会|会(?!议|计|员|说)|明年|下个?月|明天"
        "|下周|后天|考虑|梦[见到]|要搬|要去|要换|快要|就要|以后|据说|听说"
        "|[他她]说|说我?要|认为|觉得|以为|吗$|呢$|小说|电影里|游戏里|角色|差点|好像|似乎|应该|申请|面试|有空|面了|有一天|什么|哪|谁"
    ),
    history=Pattern("小时候|上大学时|读书时|那时候?|当年|年轻时|上学时|大学时|读研时"),
    beside=Pattern(
        "也(?!许)|另外|同时|兼职|副业|暂时|临时|出差|旅游|旅行|度假|周末|第二|另一|又(?:买|养|有)|有时|偶尔|两地|之一|志愿|还(?:在|有"
        "|是(?=.*的))|借住|小住|几天|几周|这周|一个月$|两个月$"
    ),
    mark=Pattern("现在|目前|如今|最近|刚|上个?月|去年|上周|昨天|不再|了|改|换|新|终于|今年|这个?月|今天"),
    ago=Pattern("(?:\\d+|[一二两三四五六七八九十几多]+)年前"),
    self_words=Pattern("我|我们|咱们|本人|用户"),
    relations=_RELATIONS,
    rules=_RULES,
    end=Pattern(
        r"(?:了|啦|呢|啊|住|生活|工作|上班)*\s*$|(?:当|做)(?=[\u4e00-\u9fff]*[师员])|[，,]|因为"
        r"|(?<=[\u4e00-\u9fff])(?:已经|快)?[一二两三四五六七八九十几\d]+年"
    ),
    accepts=_accepts,
    names=_NAMES,
    habits=_habits,
    own_words=Pattern("我|你"),
    verb=Pattern(r"[是有在住叫去来做吃喝看用爱了过着要]|喜欢|工作"),
    silent=True,
)


def read(text: str) -> Clauses:
    """Return the claims of a text, clause by clause; see `english.read`."""
    return _GRAMMAR.read(re.sub(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])", "", text))

"""Chinese sentences: which say something worth keeping. Cautious: only what is plainly a statement."""

from __future__ import annotations

import re

from .reading import Reading

_QUESTION = re.compile(
    r"[?\uff1f]|[吗嘛么呢]\W*$|什么|怎么|为何|为什么|哪[里儿些个位种]|谁|是不是|能不能|可不可以|有没有|会不会|要不要|多少|几[点个岁时]|如何"
)
_COMMAND = re.compile(
    r"(?:请|麻烦|帮|给我|告诉|让我们|我们来|你|您|能否|可以|我想(?:知道|问|请|了解|让你)|我(?:需要|要|想要)你)"
)
_SMALL_TALK = re.compile(r"(?:你好|您好|大家好|嗨|早上好|晚上好|晚安|再见|拜拜|谢谢|多谢|感谢|不客气|好的|嗯|哈哈|没关系|对不起|抱歉|恭喜)")
_BACKCHANNEL = re.compile(r"我(?:也)?(?:知道|明白|理解|同意|觉得很?(?:好|棒|对)|懂)了?\W*$")
_REMEMBER = re.compile(r"(?:请|你要|要)?(?:记住|记得|记一下|别忘了|不要忘记)[:\uff1a,\uff0c]?\s*")
_OPENERS = re.compile(r"(?:嗯|哦|啊|对|是的|好的|好|那|其实|另外|还有|而且|不过|但是|所以|你好|您好|嗨|谢谢)+[,\uff0c!\uff01、]\s*")
_SUBJECT = re.compile(r"我|咱|本人|用户")

_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("instruction", re.compile(r"^(?:请)?(?:以后|从现在起|从今以后|今后|永远|始终|一直).*(?:请|不要|别|用|叫|称呼)|^(?:请)?(?:叫|称呼)我")),
    (
        "identity",
        re.compile(
            r"(?:我|本人|用户)(?:的)?(?:名字|姓名|生日|年龄|职业|工作|电话|邮箱|地址|家乡|母语|姓)|我叫|"
            r"(?:我|本人|用户)是一?[名个位]|我来自|(?:我|用户)(?:现在|目前|一直)?(?:住|在.{1,12}(?:工作|上班|上学|读书|生活))|"
            r"我(?:今年)?\d+岁|我(?:毕业于|出生)"
        ),
    ),
    ("plan", re.compile(r"打算|计划|准备|想要?去|要去|将要?|希望能|明天|后天|下(?:个)?(?:周|月|星期)|明年")),
    ("preference", re.compile(r"喜欢|最爱|热爱|讨厌|偏好|更愿意|过敏|爱[吃喝看听玩]|不[吃喝爱]|不再|戒了|受不了|习惯")),
    (
        "relationship",
        re.compile(
            r"我(?:的)?(?:妻子|丈夫|老婆|老公|太太|先生|女朋友|男朋友|妈|爸|母亲|父亲|儿子|女儿|孩子|哥|姐|弟|妹|爷爷|奶奶|外公|外婆|"
            r"朋友|同事|老板|狗|猫|宠物)|我(?:有|养了?)[一二两三四五\d]?[个只条位]|我(?:已婚|结婚|离婚|单身|订婚)"
        ),
    ),
    ("event", re.compile(r"昨天|前天|今天|上(?:个)?(?:周|月|星期)|去年|刚|了")),
)  # fmt: skip


def read(sentence: str, *, lenient: bool) -> Reading | None:
    """Judge a sentence.

    Args:
        sentence: one sentence as it was written.
        lenient: whether a statement about anything counts, and not only what concerns the speaker.

    Returns:
        The statement and its kind, or ``None`` when there is nothing to keep.
    """
    core = sentence.strip()
    if match := _OPENERS.match(core):
        core = core[match.end() :]
    if _QUESTION.search(core) or len(core) < 3:
        return None
    kind = next((kind for kind, pattern in _KINDS if pattern.search(core)), None)
    if match := _REMEMBER.match(core):
        core = core[match.end() :]
        return Reading(core, kind or "fact", remembered=True) if len(core) > 2 else None
    if kind == "instruction":
        return Reading(core, kind, remembered=True)
    if _COMMAND.match(core) or _SMALL_TALK.match(core) or _BACKCHANNEL.match(core):
        return None
    if _SUBJECT.search(core) is None and not (lenient and len(core) > 3):
        return None
    return Reading(core, kind or "fact")

"""Chinese sentences: keep what is clearly a statement.

The patterns mirror those of `english`: 记住 is "remember", 打算 "plan to", 喜欢 "like".
"""

from __future__ import annotations

import re

from .sentences import Reading, phrases

_QUESTION = phrases(
    r"""
    [?\uff1f] | [吗嘛么呢]\W*$ | 什么 | 怎么 | 为何 | 如何 | 哪[里儿些个位种] | 谁 | 是不是 | 能不能
    | 可不可以 | 有没有 | 会不会 | 要不要 | 多少 | 几[点个岁时]
    """,
    after="",
)
_COMMAND = phrases(
    """
    请 | 麻烦 | 帮 | 给我 | 告诉 | 让我们 | 我们来 | 你 | 您 | 能否 | 可以 | 我想(?:知道|问|请|了解|让你)
    | 我(?:需要|要|想要)你
    """,
    after="",
)
_SMALL_TALK = phrases(
    """
    你好 | 您好 | 大家好 | 嗨 | 早上好 | 晚上好 | 晚安 | 再见 | 拜拜 | 谢谢 | 多谢 | 感谢 | 不客气 | 好的
    | 嗯 | 哈哈 | 没关系 | 对不起 | 抱歉 | 恭喜
    """,
    after="",
)
_BACKCHANNEL = re.compile(r"我(?:也)?(?:知道|明白|理解|同意|觉得很?(?:好|棒|对)|懂)了?\W*$")
_REMEMBER = phrases(
    "记住 | 记得 | 记一下 | 别忘了 | 不要忘记",
    before="(?:请|你要|要)?",
    after=r"[:\uff1a,\uff0c]?\s*",
)
_OPENER = phrases(
    """
    嗯 | 哦 | 啊 | 对 | 是的 | 好的 | 好 | 那 | 其实 | 另外 | 还有 | 而且 | 不过 | 但是 | 所以 | 你好 | 您好
    | 嗨 | 谢谢
    """,
    after=r"[,\uff0c!\uff01\u3001]\s*",
)
_SUBJECT = re.compile("我|咱|本人|用户")
_INSTRUCTION = phrases(
    """
    (?:以后|从现在起|从今以后|今后|永远|始终|一直).*(?:请|不要|别|用|叫|称呼) | (?:叫|称呼)我
    """,
    before="请?",
    after="",
)
_KIND_PATTERNS = (
    (
        "identity",
        phrases(
            r"""
            (?:我|本人|用户)的?(?:名字|姓名|生日|年龄|职业|工作|电话|邮箱|地址|家乡|母语|姓)
            | (?:我|本人|用户)是一?[名个位] | 我叫 | 我来自 | 我(?:毕业于|出生) | 我(?:今年)?\d+岁
            | (?:我|用户)(?:现在|目前|一直)?(?:住|在.{1,12}(?:工作|上班|上学|读书|生活))
            """,
            after="",
        ),
    ),
    (
        "plan",
        phrases(
            """
            打算 | 计划 | 准备 | 想要?去 | 要去 | 将要? | 希望能 | 明天 | 后天 | 下个?(?:周|月|星期) | 明年
            """,
            after="",
        ),
    ),
    (
        "preference",
        phrases(
            """
            喜欢 | 最爱 | 热爱 | 讨厌 | 偏好 | 更愿意 | 过敏 | 爱[吃喝看听玩] | 不[吃喝爱] | 不再 | 戒了
            | 受不了 | 习惯
            """,
            after="",
        ),
    ),
    (
        "relationship",
        phrases(
            r"""
            我的?(?:妻子|丈夫|老婆|老公|太太|先生|女朋友|男朋友|妈|爸|母亲|父亲|儿子|女儿|孩子|哥|姐|弟|妹
            |爷爷|奶奶|外公|外婆|朋友|同事|老板|狗|猫|宠物)
            | 我(?:有|养了?)[一二两三四五\d]?[个只条位] | 我(?:已婚|结婚|离婚|单身|订婚)
            """,
            after="",
        ),
    ),
    ("event", phrases("昨天 | 前天 | 今天 | 上个?(?:周|月|星期) | 去年 | 刚 | 了", after="")),
)


def read(sentence: str, *, lenient: bool) -> Reading | None:
    """Classify a sentence.

    Args:
        sentence: one sentence as written.
        lenient: keep statements about anything, not only about the speaker.

    Returns:
        The statement and its kind, or ``None`` if there is nothing to keep.
    """
    core = sentence.strip()
    if match := _OPENER.match(core):
        core = core[match.end() :]
    if _QUESTION.search(core) or len(core) < 3:
        return None
    if match := _REMEMBER.match(core):
        core = core[match.end() :]
        return Reading(core, _kind(core), remembered=True) if len(core) > 2 else None
    if _INSTRUCTION.match(core):
        return Reading(core, "instruction", remembered=True)
    if _COMMAND.match(core) or _SMALL_TALK.match(core) or _BACKCHANNEL.match(core):
        return None
    if _SUBJECT.search(core) is None and not (lenient and len(core) > 3):
        return None
    return Reading(core, _kind(core))


def _kind(core: str) -> str:
    return next((kind for kind, pattern in _KIND_PATTERNS if pattern.search(core)), "fact")

"""Claims in Japanese statements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...patterns import Pattern
from . import places
from .claim import SELF, Claim, Clauses, Rule
from .grammar import Grammar, compiled, judged_alike

_RELATIONS = {
    "妹": "sister", "姉": "sister", "兄": "brother", "弟": "brother", "母": "mother", "父": "father",
    "妻": "wife", "夫": "husband", "彼女": "girlfriend",
    "彼氏": "boyfriend", "娘": "daughter", "息子": "son", "両親": "parents", "上司": "boss",
    "同僚": "colleague", "友達": "friend", "友人": "friend", "親友": "best friend",
    "祖母": "grandmother", "祖父": "grandfather", "叔母": "aunt", "叔父": "uncle", "いとこ": "cousin",
    "主人": "husband", "旦那": "husband", "お母さん": "mother",
    "お父さん": "father", "ルームメイト": "roommate", "隣人": "neighbour", "先輩": "colleague",
    "後輩": "colleague",
}  # fmt: skip
_KIN = "|".join(sorted(_RELATIONS, key=len, reverse=True))
_TIME = (
    "(?:(?:今は|今では|今|現在は?|先月|去年|昨年|昨日|先週|最近|実は|やっと|ついに|もう|今年|今年の春|今朝|先日|ちょうど|無事に?|正式に"
    "|この前|一人で|家族と|家族で|ずっと|\\d+月(?:に|から)|毎日|毎朝|よく|とても|すごく|結局|また)(?:、|に、|から)?)*"
)
_PARTS = {
    "WHO": (
        rf"{_TIME}(?:(?P<who>(?:私|僕|俺|わたし|ぼく|自分|うち|私たち)|(?:(?:私|僕"
        rf"|うち)の)?(?:{_KIN})(?:の[^はがの、]{{1,6}})?|[^\s、はがのにを]{{1,7}}さん|[A-Z][a-z]+)(?:は"
        rf"|が)、?)?{_TIME}"
    ),
    "X": r"(?P<value>[^、。はを]{1,25}?)",
    "Y": r"(?P<value>[^、。]{1,30}?)",
    "DESU": r"(?:です|だ|だよ|ですよ|でございます|になりました|になった|に変わりました|に変わった"
    r"|に変更になりました|に変更しました|に変えました|である|なんです)?",
    "IMASU": r"(?:い)?(?:ます|る)(?:よ|ね)?",
    "IMASEN": r"(?:い)?(?:ません|ない(?:です)?)(?:よ|ね)?",
    "TA": r"(?:ました|た)(?:よ|ね|んです)?",
}
_RULES = compiled(
    (
        Rule("home", r"<WHO><X>(?:に|で)(?:住んで|暮らして|居住して)<IMASU>", kind="place"),
        Rule("home", r"<WHO><X>(?:に)?在住(?:です|している|しています)?", kind="place"),
        Rule(
            "home",
            (
                r"<WHO>(?:(?P<former>[^、。はを]{1,12}?)から)?<X>(?:に|へ)(?:引っ?越し(?:し)?|移住し|転居し|移り住み|移り住ん"
                r"|越し)(?:ました|た|だ)(?:よ|ね|んです)?"
            ),
            marked=True,
            kind="place",
        ),
        Rule(
            "home",
            r"<WHO><X>(?:に|で)(?:は)?(?:もう)?(?:住んで|暮らして)<IMASEN>",
            ends=True,
            marked=True,
            kind="place",
        ),
        Rule(
            "home",
            r"<WHO>(?:以前は?|昔は?|前は?|かつては?)?、?<X>(?:に|で)(?:住んで|暮らして)い?(?:ました|た)",
            ends=True,
            kind="place",
        ),
        Rule("employer", r"<WHO><X>(?:で|に)(?:働いて|勤めて|勤務して)<IMASU>", kind="firm"),
        Rule("employer", r"<WHO><X>勤務(?:です)?", kind="firm"),
        Rule(
            "employer",
            r"<WHO>(?:(?P<former>[^、。はを]{1,15}?)から)?<X>(?:に|へ)(?:転職し|入社し|就職し|移り)<TA>",
            marked=True,
            kind="firm",
        ),
        Rule("employer", r"<WHO><X>で(?:働き始め|仕事を始め|働くことになり)<TA>", marked=True, kind="firm"),
        Rule(
            "employer",
            r"<WHO><X>(?:で|に)(?:は)?(?:もう)?(?:働いて|勤めて|勤務して)<IMASEN>",
            ends=True,
            marked=True,
            kind="firm",
        ),
        Rule(
            "employer",
            r"<WHO>(?:以前は?|昔は?|前は?)?、?<X>(?:で|に)(?:働いて|勤めて|勤務して)い?(?:ました|た)",
            ends=True,
            kind="firm",
        ),
        Rule(
            "employer",
            r"<WHO>(?:会社|仕事|職場|バイト先)を(?:辞め|やめ|退職し|クビになり)<TA>",
            ends=True,
            marked=True,
        ),
        Rule(
            "employer", r"<WHO>(?:退職し|定年退職し|リストラされ|解雇され|失業し)<TA>", ends=True, marked=True
        ),
        Rule("employer", r"<WHO><X>を(?:辞め|やめ|退職し|退社し)<TA>", ends=True, marked=True, kind="firm"),
        Rule("job", r"<WHO><X>として働いて<IMASU>", marked=True, kind="job"),
        Rule("job", r"<WHO><X>をして<IMASU>", kind="trade"),
        Rule(
            "job",
            r"<WHO><X>(?:に)(?:なりました|なった|転身しました|昇進しました|昇格しました)",
            marked=True,
            kind="trade",
        ),
        Rule("job", r"<WHO><X>(?:です|だ)", kind="trade"),
        Rule("job", r"<WHO>(?:私の)?(?:仕事|職業)は<Y>(?:です|だ|になりました)", marked=True, kind="job"),
        Rule(
            "name",
            r"(?:(?:私|僕)の)?(?:名前|新しい名前|名字|苗字)(?:は|が)<Y>(?:です|だ|といいます|と言います|になりました|に変わりました)",
            kind="name",
        ),
        Rule("name", r"(?:私|僕)は<Y>(?:といいます|と言います|と申します)", kind="name"),
        Rule(
            "age",
            r"<WHO>(?:年齢は)?(?P<value>\d{1,3}|[一二三四五六七八九十]{1,3})(?:歳|才)(?:です|だ|だよ)?",
            kind="age",
        ),
        Rule(
            "age",
            r"<WHO>(?P<value>\d{1,3}|[一二三四五六七八九十]{1,3})(?:歳|才)に(?:なりました|なった)(?:よ|ね)?",
            marked=True,
            kind="age",
        ),
        Rule(
            "partner",
            r"(?:(?:私|僕)の)?(?:彼女|彼氏|妻|夫|恋人|婚約者)の名前は<Y>(?:です|だ|といいます|と言います)",
            kind="name",
        ),
        Rule("partner", r"<WHO><X>(?:さん)?と(?:付き合って|交際して|結婚して)<IMASU>", kind="name"),
        Rule(
            "partner",
            r"<WHO>(?:(?:彼女|彼氏|妻|夫|恋人|(?P<value>[^、。はを]{1,8}?)(?:さん)?)と)?(?:別れ|離婚し|破局し)<TA>",
            ends=True,
            marked=True,
        ),
        Rule("status", r"<WHO>(?P<value>独身|既婚|バツイチ|婚約中)(?:です|だ|になりました)?"),
        Rule("status", r"<WHO>(?P<value>結婚し|離婚し|婚約し)<TA>", marked=True),
        Rule(
            "favourite {}",
            r"<WHO>(?:今|今の|私の|僕の)?(?:一番|いちばん|最も)?好きな(?P<what>[^は、]{1,8}?)は<Y><DESU>",
            kind="favourite",
        ),
        Rule(
            "favourite {}",
            r"(?P<value>[^、。]{1,20}?)(?:が|は)(?:私の|僕の)?(?:一番|いちばん)好きな(?P<what>[^は、]{1,8}?)<DESU>",
            kind="favourite",
        ),
        Rule(
            "{}",
            (
                r"(?:(?:私|僕)の)?(?:新しい)?(?P<what>(?:仕事用の|会社の|職場の|自宅の|携帯の)?(?:電話番号|携帯番号|携帯電話の番号|番号"
                r"|メールアドレス|メアド|メール|住所|郵便番号))(?:は|が)<Y><DESU>"
            ),
            kind="number",
        ),
        Rule(
            "{}",
            r"(?:(?:私|僕)の)?(?:新しい)?(?P<what>歯医者|主治医|上司|大家|コーチ|担当医|担任)(?:さん)?は<Y>(?:です|になりました|に変わりました)",
            kind="name",
        ),
        Rule(
            "{} port",
            (
                r"(?P<what>[\w一-龠ァ-ヴー]{1,12}?)は(?:今)?(?:ポート)?(?P<value>\d+)(?:番)?(?:ポート)?で(?:動いて"
                r"|稼働して|待ち受けて)<IMASU>"
            ),
        ),
        Rule(
            "{}",
            (
                r"(?P<what>締め切り|締切|納期|リリース日|デフォルトブランチ|データベース|パスワード|予算|会議)は(?:今)?<Y>(?:です|になりました"
                r"|に変更になりました|に変わりました|に延期されました|に延期になりました)"
            ),
            kind="setting",
        ),
        Rule("car", r"<WHO><X>に乗って<IMASU>", kind="car"),
        Rule("car", r"<WHO><X>に(?:買い替え|乗り換え)<TA>", marked=True, kind="car"),
    ),
    end="$",
    **_PARTS,
)
_NAMES = {
    "食べ物": "food", "料理": "food", "色": "colour", "映画": "film", "本": "book", "歌手": "artist",
    "曲": "song", "スポーツ": "sport", "飲み物": "drink", "バンド": "band",
    "電話番号": "phone", "携帯番号": "phone", "番号": "phone", "携帯電話の番号": "phone",
    "携帯の番号": "phone", "メールアドレス": "email", "メアド": "email", "メール": "email",
    "住所": "address", "会社の電話番号": "phone work", "職場の電話番号": "phone work",
    "仕事用の電話番号": "phone work", "会社のメールアドレス": "email work",
    "仕事用のメールアドレス": "email work", "歯医者": "dentist", "主治医": "doctor", "上司": "boss",
    "自宅の電話番号": "phone home",
}  # fmt: skip
_TRADE = Pattern(
    r".*(?:師|員|医者|看護師|エンジニア|デザイナー|弁護士|会社員|学生|大学生|店長|教師|先生|部長|課長|マネージャー|プログラマー|記者|作家|俳優"
    r"|料理人|運転手|警察官|公務員|主婦|会計士|コンサルタント|シェフ)$"
)
_SUBJECT = rf"{_TIME}(?:(?:私|僕|俺|わたし|私たち)(?:は|も)、?)?{_TIME}"
_THING = r"(?P<what>[^、。はをがも]{1,12}?)"
_QUIT = Pattern(rf"{_SUBJECT}{_THING}(?:を|は)(?:やめ|止め|断ち|卒業し|辞め)(?:ました|た|ち)(?:よ|ね)?$")
_NO_SMOKE = Pattern(rf"{_SUBJECT}(?P<what>禁煙|禁酒)(?:しました|した|しています|中です)$")
_NOT = Pattern(
    rf"{_SUBJECT}{_THING}(?:を|は|も)(?P<over>もう)?(?:食べ|飲み|飲ま|吸い|吸わ|吸って|飲んで|食べて|使って|使い|して|し"
    rf"|やって)い?(?:ません|ない(?:です)?|なくなりました|なくなった)(?:よ|ね)?$"
)
_FORMER = Pattern(
    rf"{_SUBJECT}(?:昔は?|以前は?|前は?)、?{_THING}(?:を|は)(?:食べて|飲んで|吸って|使って|して|やって)い(?:ました|た)$"
)
_DOES = Pattern(
    rf"{_SUBJECT}{_THING}(?:を)(?:(?:食べて|飲んで|吸って|使って|して|やって|習って)い?(?:ます|る)|食べます|飲みます|吸います"
    rf"|使います|します|食べる|飲む|吸う)(?:よ|ね)?$"
)
_LIKES = Pattern(
    rf"{_SUBJECT}{_THING}(?:が|は)(?:もう|とても|大)?(?P<how>好きです|好きだ|好き|大好きです|大好き|嫌いです|嫌いだ|嫌い"
    rf"|好きではありません|好きじゃありません|好きじゃない(?:です)?|嫌いになりました|好きではなくなりました)$"
)
_HAS = Pattern(
    rf"{_SUBJECT}{_THING}(?:を|は)(?:もう)?(?:一(?:台|匹|頭|本)|1(?:台|匹))?(?:持って|飼って"
    rf"|所有して)い?(?P<how>ます|る|ません|ない(?:です)?)$"
)
_SOLD = Pattern(rf"{_SUBJECT}{_THING}を(?:手放し|売り|売っ|売却し|譲り)(?:ました|た)$")
_IS = Pattern(
    rf"{_SUBJECT}(?P<what>[^、。はをが]{{2,10}}?)(?P<how>です|だ|ではありません|じゃありません|ではない|じゃない(?:です)?|ではなくなりました)$"
)


def _habits(clause: str) -> Iterator[Claim]:
    clause = clause.strip(" 。！!、")
    if match := _NO_SMOKE.match(clause):
        for thing in (
            ("タバコ", "たばこ", "煙草") if match["what"] == "禁煙" else ("お酒", "酒", "アルコール")
        ):
            yield Claim(SELF, f"do {thing}", "+", ends=True, marked=True)
    elif match := _SOLD.match(clause):
        yield Claim(SELF, f"have {match['what']}", "+", ends=True, marked=True)
        yield Claim(
            SELF, "car", "" if match["what"] in ("車", "自動車") else match["what"], ends=True, marked=True
        )
    elif match := _HAS.match(clause):
        yield Claim(
            SELF,
            f"have {match['what']}",
            "+" if match["how"] in ("ます", "る") else "-",
            marked="もう" in clause,
        )
    elif match := _QUIT.match(clause):
        yield Claim(SELF, f"do {match['what']}", "+", ends=True, marked=True)
    elif match := _FORMER.match(clause):
        yield Claim(SELF, f"do {match['what']}", "+", ends=True)
    elif match := _NOT.match(clause):
        yield Claim(SELF, f"do {match['what']}", "-", marked="もう" in clause or "なくな" in clause)
    elif match := _DOES.match(clause):
        yield Claim(SELF, f"do {match['what']}", "+")
    elif match := _LIKES.match(clause):
        sign = "+" if re.fullmatch("大?好き(?:です|だ)?", match["how"]) else "-"
        yield Claim(SELF, f"like {match['what']}", sign, marked="もう" in clause or "なり" in match["how"])
    elif match := _IS.match(clause):
        yield Claim(
            SELF,
            f"be {match['what']}",
            "+" if match["how"] in ("です", "だ") else "-",
            marked="もう" in clause,
        )


def _accepts(value: str, kind: str) -> bool:
    if (alike := judged_alike(value, kind)) is not None:
        return alike
    if kind == "place":
        if places.is_known(places.canonical(value)):
            return True
        return 0 < len(value) < 13 and not re.search(
            r"ホテル|実家|寮|アパート|マンション|ここ|そこ|一人|二階|\d階|友達|一軒家|部屋|都会|田舎|近く|隣|一緒",
            value,
        )
    if kind == "firm":
        return (
            0 < len(value) < 20
            and not places.is_known(places.canonical(value))
            and not re.search(
                (
                    r"^(?:家|在宅|自宅|夜|昼|一緒|現場|ここ|東京都内|海外|外国|リモート|大学|タバコ|たばこ|お酒|酒|コーヒー|甘いもの|肉|煙草|ゲーム|学校|部活"
                    r"|ピアノ|ジム|.*すること|.*の)$|[市県区町村]$"
                ),
                value,
            )
        )
    if kind == "trade":
        return bool(_TRADE.match(value)) and len(value) < 15
    if kind == "name":
        return (
            0 < len(value) < 13
            and not any(char.isdigit() for char in value)
            and (not re.search("友達|誰|家族|彼|両親|同僚", value) or value in ("彼女", "彼氏"))
        )
    if kind == "setting":
        return bool(re.search(r"[\dA-Za-z月火水木金土日]", value)) and len(value) < 30
    if kind == "car":
        return bool(re.search(r"[A-Za-zァ-ヴー]{2}", value)) and not re.search(
            "バス|タクシー|電車|自転車", value
        )
    return 0 < len(value) < 25


_GRAMMAR = Grammar(
    sentence=Pattern(r"[。！？!?\n]+"),
    cut=Pattern(
        r"(?<=[るたすだん])(?:が|けど|けれど|ので|から|し)、|(?<=して)、|(?<=で)、(?=私|僕|今は)|(?<=が)、(?=今)"
    ),
    opener=Pattern(
        r"(?:(?P<turn>実は|いや|違います|訂正|すみません|間違えました|いいえ|ごめん|やっぱり)|(?:はい|ええ|うん|あの|えっと|そうですね"
        r"|ちなみに|こんにちは|あと|それと|でも|そして|ところで|お知らせ|良いニュース|覚えておいて))[、,:：!！。]+\s*"
    ),
    unreal=Pattern(
        "もし|たら|れば|ならば?|つもり|予定|たい(?:です|と|な|$|けど|んだ)|たいな|かもしれ|だろう|でしょう|と思|来年|来月|来週|明日|今度|ようと"
        "|らしい|そうです|と言って|と言いました|と聞き|って言|夢|小説|ゲームの中|主人公"
        "|映画の中|か$|ですか|ますか|ほしい|欲しい|検討|考えて|迷って|ことになっています|はず|ように見え|みたい|応募|面接|べき|いつか"
    ),
    history=Pattern("子供の(?:頃|とき|時)|子どもの(?:頃|とき)|学生時代|若い頃|当時|小さい頃|大学時代|の頃"),
    beside=Pattern(
        "にも(?:住|勤|別)|でも(?:働|勤)|私も|副業|兼業|バイトで|アルバイト|週末|別荘|出張|旅行|一時的|時々|たまに|もう一(?:つ|人|匹|台|頭)"
        "|二(?:匹|台|人|つ)目|ボランティア|もう1|両方|今週|今だけ|短期|滞在|の一つ|他に|さらに"
    ),
    mark=Pattern(
        "今(?!まで)|現在|先月|去年|昨日|先週|最近|もう|新しい|ました|た$|なりました|変わり|変更|やっと|ついに|実は|なくなり"
    ),
    ago=Pattern("(?:\\d+|[一二三四五六七八九十数何]+)年(?:前|ほど前)"),
    self_words=Pattern("私|僕|俺|わたし|ぼく|自分|うち|私たち"),
    relations=_RELATIONS,
    rules=_RULES,
    end=Pattern(r"\s*$"),
    accepts=_accepts,
    names=_NAMES,
    habits=_habits,
    own_words=Pattern("私|僕|俺|です|ます"),
    verb=Pattern(r"[るただすんい]$|ます|です|ました"),
    normalize=lambda clause: clause.strip(" 。！!、"),
    silent=True,
)


def read(text: str) -> Clauses:
    """Return the claims of a text, clause by clause; see `english.read`."""
    return _GRAMMAR.read(text)

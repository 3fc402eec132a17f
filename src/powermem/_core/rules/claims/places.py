"""Names of places: those of one place in several languages, and which place lies in which."""

from __future__ import annotations

from functools import lru_cache

# One place a line: its names, then the regions that it lies in. The large cities and countries of the world,
# in the languages that have rules.
_CITIES = """
new york|nyc|new york city|nueva york|纽约|紐約|ニューヨーク < new york state|usa
los angeles|la|l.a.|洛杉矶|ロサンゼルス < california|usa
san francisco|sf|旧金山|サンフランシスコ < california|usa
san diego < california|usa
san jose < california|usa
seattle|西雅图|シアトル < washington state|usa
chicago|芝加哥|シカゴ < illinois|usa
boston|波士顿|ボストン < massachusetts|usa
austin < texas|usa
houston|休斯顿 < texas|usa
dallas < texas|usa
denver < colorado|usa
portland < oregon|usa
boise < idaho|usa
miami|迈阿密 < florida|usa
atlanta < georgia state|usa
philadelphia|philly < pennsylvania|usa
phoenix < arizona|usa
las vegas|vegas < nevada|usa
washington dc|washington d.c.|dc|d.c.|washington, d.c.|华盛顿 < usa
toronto|多伦多|トロント < ontario|canada
ottawa < ontario|canada
vancouver|温哥华|バンクーバー < british columbia|canada
montreal|montréal|蒙特利尔 < quebec|canada
calgary < alberta|canada
mexico city|cdmx|ciudad de méxico|mexiko-stadt|墨西哥城 < mexico
london|londres|londra|伦敦|ロンドン < england|uk
manchester < england|uk
leeds < england|uk
bristol < england|uk
edinburgh < scotland|uk
glasgow < scotland|uk
dublin|都柏林 < ireland
paris|parís|parigi|巴黎|パリ < france
lyon|lión < france
marseille|marsella < france
berlin|berlín|berlino|柏林|ベルリン < germany
munich|münchen|muenchen|múnich|慕尼黑|ミュンヘン < bavaria|germany
nuremberg|nürnberg < bavaria|germany
hamburg|hamburgo|汉堡|ハンブルク < germany
cologne|köln|koeln|colonia|科隆|ケルン < germany
frankfurt|fráncfort|法兰克福|フランクフルト < hesse|germany
stuttgart < germany
leipzig < saxony|germany
dresden < saxony|germany
düsseldorf|duesseldorf < germany
vienna|wien|viena|维也纳|ウィーン < austria
graz < austria
salzburg < austria
zurich|zürich|zúrich|苏黎世|チューリッヒ < switzerland
geneva|genf|genève|ginebra|日内瓦 < switzerland
basel|basilea < switzerland
bern|berna < switzerland
madrid|马德里|マドリード < spain
barcelona|巴塞罗那|バルセロナ < catalonia|spain
valencia|valència < spain
seville|sevilla < andalusia|spain
granada < andalusia|spain
bilbao < spain
lisbon|lisboa|lissabon|里斯本|リスボン < portugal
porto|oporto < portugal
rome|roma|rom|罗马|ローマ < italy
milan|milano|mailand|milán|米兰|ミラノ < italy
turin|torino < italy
amsterdam|阿姆斯特丹|アムステルダム < netherlands
rotterdam < netherlands
utrecht < netherlands
brussels|brüssel|bruxelles|bruselas < belgium
copenhagen|kopenhagen|københavn|copenhague < denmark
stockholm|estocolmo|斯德哥尔摩 < sweden
oslo|奥斯陆|オスロ < norway
bergen < norway
helsinki < finland
warsaw|warschau|varsovia < poland
prague|prag|praga|布拉格|プラハ < czechia
budapest < hungary
athens|athen|atenas|雅典 < greece
istanbul|estambul|伊斯坦布尔 < turkey
moscow|moskau|moscú|莫斯科|モスクワ < russia
cairo|kairo|el cairo < egypt
lagos < nigeria
nairobi < kenya
mumbai|bombay|孟买 < india
delhi|new delhi|德里|新德里 < india
bangalore|bengaluru < india
singapore|singapur|新加坡|シンガポール
hong kong|hongkong|香港 < china
taipei|taipeh|台北 < taiwan
kaohsiung|高雄 < taiwan
beijing|peking|pekín|北京|ペキン < china
shanghai|schanghai|上海|シャンハイ < china
shenzhen|深圳 < guangdong|china
guangzhou|广州|廣州 < guangdong|china
hangzhou|杭州 < zhejiang|china
nanjing|南京 < jiangsu|china
suzhou|苏州 < jiangsu|china
chengdu|成都 < sichuan|china
wuhan|武汉 < hubei|china
xi'an|xian|西安 < shaanxi|china
chongqing|重庆 < china
tianjin|天津 < china
tokyo|tokio|东京|東京|東京都 < japan
osaka|大阪|大阪市|大阪府 < japan
kyoto|kioto|京都|京都市|京都府 < japan
yokohama|横浜|横滨|横浜市 < kanagawa|japan
nagoya|名古屋|名古屋市 < aichi|japan
sapporo|札幌|札幌市 < hokkaido|japan
fukuoka|福岡|福冈|福岡市|福岡県 < japan
kobe|神戸|神户 < japan
sendai|仙台 < japan
hiroshima|広島|广岛 < japan
seoul|seúl|首尔|ソウル|서울 < korea
busan|釜山|釜山 |부산 < korea
bangkok|曼谷|バンコク < thailand
hanoi < vietnam
jakarta < indonesia
manila < philippines
sydney|sídney|悉尼|シドニー < australia
melbourne|墨尔本|メルボルン < australia
brisbane < australia
perth < australia
auckland < new zealand
wellington < new zealand
buenos aires|布宜诺斯艾利斯 < argentina
santiago < chile
bogota|bogotá < colombia
lima < peru
são paulo|sao paulo|圣保罗 < brazil
rio de janeiro|rio|里约热内卢 < brazil
dubai|迪拜|ドバイ < uae
tel aviv < israel
brooklyn|布鲁克林 < new york|new york state|usa
manhattan|曼哈顿 < new york|new york state|usa
queens < new york|new york state|usa
kreuzberg < berlin|germany
neukölln < berlin|germany
shibuya|渋谷|渋谷区 < tokyo|japan
shinjuku|新宿|新宿区 < tokyo|japan
pudong|浦东 < shanghai|china
"""
_REGIONS = """
usa|us|u.s.|u.s.a.|united states|the united states|the us|the usa|the states|america|vereinigte
staaten|estados unidos|eeuu|美国|アメリカ|米国
canada|kanada|canadá|加拿大|カナダ
mexico|méxico|mexiko|墨西哥|メキシコ
uk|the uk|united kingdom|the united kingdom|great britain|britain|großbritannien|reino unido|英国|イギリス
england|inglaterra|英格兰 < uk
scotland|schottland|escocia|苏格兰 < uk
wales|gales < uk
ireland|irland|irlanda|爱尔兰|アイルランド
france|frankreich|francia|法国|フランス
germany|deutschland|alemania|allemagne|德国|ドイツ
bavaria|bayern|baviera|巴伐利亚 < germany
saxony|sachsen < germany
hesse|hessen < germany
austria|österreich|奥地利|オーストリア
switzerland|schweiz|die schweiz|suiza|瑞士|スイス
spain|spanien|españa|espagne|西班牙|スペイン
catalonia|cataluña|catalunya|katalonien < spain
andalusia|andalucía|andalusien < spain
portugal|葡萄牙|ポルトガル
italy|italien|italia|italie|意大利|イタリア
netherlands|the netherlands|holland|niederlande|países bajos|holanda|荷兰|オランダ
belgium|belgien|bélgica|比利时
denmark|dänemark|dinamarca|丹麦|デンマーク
sweden|schweden|suecia|瑞典|スウェーデン
norway|norwegen|noruega|挪威|ノルウェー
finland|finnland|finlandia|芬兰|フィンランド
poland|polen|polonia|波兰|ポーランド
czechia|czech republic|tschechien|chequia|捷克
hungary|ungarn|hungría|匈牙利
greece|griechenland|grecia|希腊|ギリシャ
turkey|türkei|turquía|土耳其|トルコ
russia|russland|rusia|俄罗斯|ロシア
ukraine|ucrania|乌克兰
egypt|ägypten|egipto|埃及|エジプト
nigeria|尼日利亚
kenya|kenia|肯尼亚
south africa|südafrika|sudáfrica|南非
india|indien|印度|インド
china|中国|中國
taiwan|台湾|台灣
japan|japón|japon|日本
korea|south korea|südkorea|corea del sur|corea|韩国|韓国|한국
thailand|tailandia|泰国|タイ
vietnam|越南|ベトナム
indonesia|indonesien|印度尼西亚|印尼
philippines|the philippines|philippinen|filipinas|菲律宾|フィリピン
australia|australien|澳大利亚|澳洲|オーストラリア
new zealand|neuseeland|nueva zelanda|新西兰|ニュージーランド
argentina|argentinien|阿根廷
chile|智利
colombia|kolumbien|哥伦比亚
peru|perú|秘鲁
brazil|brasilien|brasil|巴西|ブラジル
uae|the uae|united arab emirates
israel|以色列
europe|europa|欧洲|ヨーロッパ
asia|asien|亚洲
africa|afrika|áfrica|非洲
california|kalifornien|加州|加利福尼亚|カリフォルニア < usa
texas|德州 < usa
florida < usa
new york state|upstate new york < usa
washington state < usa
oregon < usa
idaho < usa
colorado < usa
arizona < usa
nevada < usa
illinois < usa
massachusetts < usa
pennsylvania < usa
georgia state < usa
ohio < usa
michigan < usa
utah < usa
maine < usa
vermont < usa
montana < usa
ontario < canada
british columbia|bc < canada
quebec|québec < canada
alberta < canada
guangdong|广东|广东省 < china
zhejiang|浙江|浙江省 < china
jiangsu|江苏|江苏省 < china
sichuan|四川|四川省 < china
hubei|湖北 < china
shaanxi|陕西 < china
hokkaido|北海道 < japan
kanagawa|神奈川|神奈川県 < japan
aichi|愛知|愛知県 < japan
"""


@lru_cache(maxsize=1)
def _known() -> tuple[dict[str, str], dict[str, frozenset[str]], frozenset[str]]:
    names: dict[str, str] = {}
    inside: dict[str, frozenset[str]] = {}
    regions: set[str] = set()
    for block in (_CITIES, _REGIONS):
        for line in block.strip().splitlines():
            own, _, around = line.partition(" < ")
            first, *_ = each = [name.strip() for name in own.split("|")]
            names.update(dict.fromkeys(each, first))
            inside[first] = frozenset(name.strip() for name in around.split("|") if name)
            if block is _REGIONS:
                regions.add(first)
    return names, inside, frozenset(regions)


def canonical(name: str) -> str:
    """Return the English name of a known place in lower case, or the case-folded name of another."""
    folded = name.casefold().strip()
    return _known()[0].get(folded, folded)


def is_region(name: str) -> bool:
    """Return whether a place is known to be a country, a state or a province, given its canonical name."""
    return name in _known()[2]


def is_known(name: str) -> bool:
    """Return whether a place is known, given its canonical name."""
    return name in _known()[1]


def contains(outer: str, inner: str) -> bool:
    """Return whether a known place lies in another, given their canonical names."""
    around = _known()[1].get(inner, frozenset())
    return outer in around or any(contains(outer, each) for each in around)

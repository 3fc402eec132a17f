"""Days in further languages of Europe with Latin letters, in Turkish, Indonesian "
"and Vietnamese."""

from __future__ import annotations

from .day_words import DayWords

SWEDISH = DayWords(
    own=(
        r"jag|och|är|har|inte|att|min|mitt|mina|vi|ska|för|på|med|det|som|vad|när|var|fick"
        r"|igår|idag|imorgon|i går|i dag|i morgon|förra|nästa"
    ),
    days={
        -2: r"i\s*förrgår",
        2: r"i\s*övermorgon",
        -1: r"i\s*går(?:\s+(?:kväll|morse|eftermiddag))?|i\s*natt",
        0: r"i\s*dag|i\s*kväll|i\s*morse|i\s*eftermiddag",
        1: r"i\s*morgon(?:\s+(?:kväll|bitti|eftermiddag))?",
    },
    units={
        "day": "dag(?:ar)?",
        "week": "veck(?:a|an|or)",
        "weekend": r"helg(?:en|er)?",
        "month": "månad(?:en|er)?",
        "year": "år(?:et)?",
    },
    weekdays=(
        "måndag(?:en|s)? tisdag(?:en|s)? onsdag(?:en|s)? torsdag(?:en|s)? fredag(?:en|s)? "
        "lördag(?:en|s)? söndag(?:en|s)?"
    ),
    before={"last": r"(?:i\s+)?förra", "this": r"den\s+här|denna", "next": "nästa"},
    ago=r"för\s+{}\s+sed[ae]n",
    ahead=r"om\s+{}",
    numbers="(?:en|ett) två tre fyra fem sex sju åtta nio tio elva tolv",
    months=("januari februari mars april maj juni juli augusti september oktober november december"),
    day="{day} {month} {year}",
    month="{month} {year}",
    prefixes={"around": "omkring", "week": "veckan från", "weekend": "helgen från"},
    spans={"-1 year": r"i\s+fjol"},
)
_NORDIC = {
    "days": {
        -2: r"i\s*forgårs",
        2: r"i\s*overmorgen|i\s*overmorgon",
        -1: r"i\s*går(?:\s+(?:aftes|kveld|morges|eftermiddag|ettermiddag))?|i\s*nat(?:t)?",
        0: r"i\s*dag|i\s*aften|i\s*kveld|i\s*morges",
        1: r"i\s*morgen(?:\s+(?:aften|kveld|tidlig|eftermiddag|ettermiddag))?",
    },
    "units": {
        "day": "dage?r?",
        "week": "uger?|uken?|uker|ugen",
        "weekend": "weekende?n?|helge?n?",
        "month": "måned(?:en|er)?",
        "year": "år(?:et)?",
    },
    "weekdays": (
        "mandag(?:en)? tirsdag(?:en)? onsdag(?:en)? torsdag(?:en)? fredag(?:en)? lørdag(?:en)? søndag(?:en)?"
    ),
    "before": {"last": "sidste|forrige|siste", "this": r"denne|dette", "next": "næste|neste"},
    "ago": r"for\s+{}\s+siden",
    "ahead": r"om\s+{}",
    "numbers": (
        "(?:en|et|ett) (?:to) tre fire fem (?:seks) (?:syv|sju) (?:otte|åtte) ni ti (?:elleve) (?:tolv)"
    ),
    "day": "{day}. {month} {year}",
    "month": "{month} {year}",
    "prefixes": {"around": "omkring", "week": "uge fra", "weekend": "weekend fra"},
    "spans": {"-1 year": r"i\s+fjor|sidste\s+år"},
}
DANISH = DayWords(
    own=(
        r"jeg|og|er|har|ikke|at|min|mit|mine|vi|skal|på|med|det|som|hvad|hvornår|af|blev|fik"
        r"|til|uge\w*|i dag|i går|i morgen|sidste|næste"
    ),
    months="januar februar marts april maj juni juli august september oktober november december",
    **_NORDIC,  # type: ignore[arg-type]
)
NORWEGIAN = DayWords(
    own=(
        r"jeg|og|er|har|ikke|at|min|mitt|mine|vi|skal|på|med|det|som|hva|når|av|ble|fikk|til"
        r"|uke\w*|i dag|i går|i morgen|forrige|neste|siste"
    ),
    months="januar februar mars april mai juni juli august september oktober november desember",
    **_NORDIC,  # type: ignore[arg-type]
)
POLISH = DayWords(
    own=(
        r"ja|się|nie|i|w|na|do|z|mam|moja|mój|moje|mi|jest|jestem|że|co|kiedy|gdzie|wczoraj"
        r"|jutro|dziś|dzisiaj|przedwczoraj|pojutrze|temu|za|zeszł\w+|przyszł\w+|\w+łem|\w+łam"
    ),
    days={
        -2: "przedwczoraj",
        2: "pojutrze",
        -1: r"wczoraj(?:\s+(?:wieczorem|rano|po\s+południu|w\s+nocy))?|wczorajsz\w+",
        0: r"dziś|dzisiaj",
        1: r"jutro(?:\s+(?:wieczorem|rano|po\s+południu))?",
    },
    units={
        "day": "dni|dnia|dzień",
        "week": "tydzień|tygodni[aeu]?|tygodniu",
        "weekend": "weekend\\w*",
        "month": "miesi[ąę]c\\w*",
        "year": "roku?|lata?|lat",
    },
    weekdays="poniedział\\w+ wtor\\w+ środ\\w+ czwart\\w+ piąt\\w+ sobot\\w+ niedziel\\w+",
    before={
        "last": r"zeszł\w+|ubiegł\w+|poprzedni\w*",
        "this": r"t(?:en|ym|ej|ę|ego)",
        "next": r"następn\w+",
        "this coming": r"przyszł\w+|najbliższ\w+",
    },
    ago=r"{}\s+temu",
    ahead=r"za\s+{}",
    alone=True,
    numbers=(
        "jed(?:en|ną|no) (?:dwa|dwie) trzy cztery pięć sześć siedem osiem dziewięć dziesięć "
        "jedenaście dwanaście"
    ),
    months=(
        "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia"
    ),
    months_alone=(
        "styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień"
    ),
    day="{day} {month} {year}",
    month="{month} {year}",
    prefixes={"around": "około", "week": "tydzień od", "weekend": "weekend od"},
)
CZECH = DayWords(
    own=(
        r"já|se|jsem|si|a|na|v|ve|do|s|mám|můj|moje|je|že|co|kdy|kde|včera|zítra|dnes"
        r"|předevčírem|pozítří|před|za|minul\w+|příští|byl|byla"
    ),
    days={
        -2: "předevčírem",
        2: "pozítří",
        -1: r"včera(?:\s+(?:večer|ráno|odpoledne|v\s+noci))?",
        0: r"dnes|dneska",
        1: r"zítra(?:\s+(?:večer|ráno|odpoledne))?",
    },
    units={
        "day": "dny|dnů|dnem|den",
        "week": "týd\\w+",
        "weekend": "víkend\\w*",
        "month": "měsíc\\w*",
        "year": "rok\\w*|roce|let(?:y)?",
    },
    weekdays="ponděl\\w+ úter\\w+ střed\\w+ čtvrt\\w+ pát\\w+ sobot\\w+ neděl\\w+",
    before={"last": r"minul\w+", "this": r"t(?:ento|uto|omto)", "next": r"příští"},
    ago=r"před\s+{}",
    ahead=r"za\s+{}",
    alone=True,
    numbers=(
        "(?:jeden|jednu|jedním|jedno) (?:dva|dvě|dvěma) (?:tři|třemi) (?:čtyři|čtyřmi) pěti? "
        "šesti? sedmi? osmi? devíti? deseti? jedenácti? dvanácti?"
    ),
    months="ledna února března dubna května června července srpna září října listopadu prosince",
    months_alone="leden únor březen duben květen červen červenec srpen září říjen listopad prosinec",
    day="{day}. {month} {year}",
    month="{month} {year}",
    prefixes={"around": "kolem", "week": "týden od", "weekend": "víkend od"},
    spans={"-1 year": "loni|vloni"},
)
ROMANIAN = DayWords(
    own=(
        r"eu|și|în|la|am|sunt|este|nu|de|cu|pe|mea|meu|mi|m-am|o|un|ce|când|unde|ieri|mâine"
        r"|azi|astăzi|alaltăieri|poimâine|acum|peste|trecut\w*|viitoare?"
    ),
    days={
        -2: "alaltăieri",
        2: "poimâine",
        -1: r"ieri(?:\s+(?:seară|dimineață|după-amiază))?|aseară",
        0: r"azi|astăzi|diseară",
        1: r"mâine(?:\s+(?:seară|dimineață))?",
    },
    units={
        "day": "zile?|zi",
        "week": "săptămân[aăi]\\w*",
        "weekend": "weekend\\w*",
        "month": "lun[aăi]\\w*",
        "year": "anul?|ani",
    },
    weekdays=("lun(?:i|ea) marț(?:i|ea) miercur(?:i|ea) jo(?:i|ia) viner(?:i|ea) sâmbăt[aă] duminic[aă]"),
    after={"last": "trecut[aă]?", "this coming": r"viitoare?|care\s+vine", "this": "aceasta|acesta"},
    ago=r"acum\s+{}",
    ahead=r"peste\s+{}",
    numbers=("(?:un|o|unu) (?:doi|două) trei patru cinci șase șapte opt nouă zece unsprezece doisprezece"),
    months=(
        "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie"
    ),
    day="{day} {month} {year}",
    month="{month} {year}",
    prefixes={"around": "în jur de", "week": "săptămâna din", "weekend": "weekendul din"},
)
FINNISH = DayWords(
    own=(
        r"minä|olen|ja|on|en|ei|minun|mun|me|se|että|oli|eilen|huomenna|tänään|toissapäivänä"
        r"|ylihuomenna|viime|ensi|sitten|\w{3,}in"
    ),
    days={
        -2: "toissapäivänä",
        2: "ylihuomenna",
        -1: r"eilen(?:\s*(?:illalla|aamulla))?|eilis\w+",
        0: r"tänään|tänä\s+(?:iltana|aamuna)",
        1: r"huomenna|huomenaamulla|huomisiltana",
    },
    units={
        "day": "päivää?ä?",
        "week": "viikko\\w*|viiko\\w+",
        "weekend": "viikonlop\\w+",
        "month": "kuukau\\w+|kuussa|kuu",
        "year": "vuo\\w+",
    },
    weekdays=(
        "maanantai\\w* tiistai\\w* keskiviikko\\w* torstai\\w* perjantai\\w* lauantai\\w* sunnuntai\\w*"
    ),
    before={"last": "viime", "this": r"tä(?:nä|llä|ssä)", "next": "ensi"},
    ago=r"{}\s+sitten",
    ahead=r"(?!){}",
    numbers=(
        "yksi kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän kymmenen yksitoista kaksitoista"
    ),
    months=(
        "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta "
        "elokuuta syyskuuta lokakuuta marraskuuta joulukuuta"
    ),
    months_alone=(
        "tammikuu helmikuu maaliskuu huhtikuu toukokuu kesäkuu heinäkuu elokuu syyskuu "
        "lokakuu marraskuu joulukuu"
    ),
    day="{day}. {month} {year}",
    month="{month} {year}",
    alone=True,
    prefixes={"around": "noin", "week": "viikko alkaen", "weekend": "viikonloppu alkaen"},
)
HUNGARIAN = DayWords(
    own=(
        r"én|és|a|az|egy|nem|van|vagyok|hogy|meg|volt|tegnap|holnap|ma|tegnapelőtt|holnapután"
        r"|múlt|jövő|\w{3,}(?:tam|tem|ttam|ttem)"
    ),
    days={
        -2: "tegnapelőtt",
        2: "holnapután",
        -1: r"tegnap(?:\s+(?:este|reggel|délután))?",
        0: r"ma(?:\s+(?:este|reggel|délután))?",
        1: r"holnap(?:\s+(?:este|reggel|délután))?",
    },
    units={
        "day": "nap(?:pal|ja)?",
        "week": "hét(?:en|tel)?|hete[tn]?",
        "weekend": "hétvég\\w+",
        "month": "hónap\\w*",
        "year": "év\\w*",
    },
    weekdays="hétfő\\w* kedd\\w* szerd\\w+ csütörtök\\w* péntek\\w* szombat\\w* vasárnap\\w*",
    before={"last": "múlt", "this": r"e(?:zen\s+a|bben\s+a)", "this coming": "jövő"},
    ago=r"{}\s+ezelőtt",
    ahead=r"{}\s+múlva",
    numbers="egy (?:két|kettő) három négy öt hat hét nyolc kilenc tíz tizenegy tizenkét",
    months=(
        "január február március április május június július augusztus szeptember október november december"
    ),
    day="{year}. {month} {day}.",
    month="{year}. {month}",
    prefixes={"around": "kb.", "week": "hét, kezdete", "weekend": "hétvége, kezdete"},
    spans={"-1 year": "tavaly"},
)
TURKISH = DayWords(
    own=(
        r"ben|bir|ve|çok|bu|da|de|için|var|yok|dün|bugün|yarın|benim|geçen|gelecek|önce|sonra"
        r"|\w+[dt][ıiuü]m|\w+yorum|\w+ac?eğ\w+|\w+acağım|ne|evvelsi|öbür"
    ),
    days={
        -2: r"evvelsi\s+gün|önceki\s+gün",
        2: r"öbür\s+gün",
        -1: r"dün(?:\s+(?:akşam|gece|sabah|öğlen))?",
        0: r"bugün|bu\s+(?:akşam|sabah|gece)",
        1: r"yarın(?:\s+(?:akşam|sabah|gece))?",
    },
    units={"day": "gün", "weekend": r"hafta\s+sonu", "week": "hafta", "month": "ay", "year": "yıl|sene"},
    weekdays="pazartesi salı çarşamba perşembe cuma(?!rtesi) cumartesi pazar(?!tesi)",
    before={"last": "geçen|geçtiğimiz", "this": "bu", "this coming": "gelecek|önümüzdeki"},
    ago=r"{}\s+önce",
    ahead=r"{}\s+sonra",
    numbers="bir iki üç dört beş altı yedi sekiz dokuz on onbir oniki",
    months="Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
    day="{day} {month} {year}",
    month="{month} {year}",
    prefixes={"around": "yaklaşık", "week": "hafta başı", "weekend": "hafta sonu başı"},
)
INDONESIAN = DayWords(
    own=(
        r"saya|aku|dan|di|ke|yang|sudah|akan|ini|itu|dengan|untuk|tidak|apa|kemarin|besok|lusa"
        r"|lalu|lagi|depan|hari|minggu|bulan|tahun"
    ),
    days={
        -2: r"kemarin\s+lusa|dua\s+hari\s+(?:yang\s+)?lalu",
        2: r"lusa",
        -1: r"kemarin|semalam|tadi\s+malam",
        0: r"hari\s+ini|tadi\s+(?:pagi|siang)|malam\s+ini|nanti\s+malam",
        1: r"besok(?:\s+(?:pagi|siang|sore|malam))?",
    },
    units={
        "day": "hari",
        "weekend": r"akhir\s+pekan",
        "week": "minggu|pekan",
        "month": "bulan",
        "year": "tahun",
    },
    weekdays="senin selasa rabu kamis jum['\u2019]?at sabtu ahad",
    after={"last": r"(?:yang\s+)?lalu|kemarin", "this": "ini", "this coming": "depan"},
    ago=r"{}\s+(?:yang\s+)?lalu",
    ahead=r"{}\s+lagi",
    numbers="(?:satu|se) dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas duabelas",
    months=("Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember"),
    day="{day} {month} {year}",
    month="{month} {year}",
    prefixes={"around": "sekitar", "week": "minggu mulai", "weekend": "akhir pekan mulai"},
    spans={
        "-1 week": r"seminggu\s+(?:yang\s+)?lalu",
        "-1 month": r"sebulan\s+(?:yang\s+)?lalu",
        "-1 year": r"setahun\s+(?:yang\s+)?lalu",
    },
)
VIETNAMESE = DayWords(
    own=r"tôi|mình|đã|sẽ|và|là|ở|của|có|không|em|hôm|ngày|tuần|tháng|năm|vừa|gì",
    days={
        -2: r"hôm\s+kia",
        2: r"ngày\s+kia",
        -1: r"hôm\s+qua|tối\s+qua|đêm\s+qua",
        0: r"hôm\s+nay|sáng\s+nay|tối\s+nay|chiều\s+nay",
        1: r"ngày\s+mai|sáng\s+mai|tối\s+mai|chiều\s+mai",
    },
    units={"day": "ngày|hôm", "weekend": r"cuối\s+tuần", "week": "tuần", "month": "tháng", "year": "năm"},
    weekdays=r"thứ\shai thứ\sba thứ\stư thứ\snăm thứ\ssáu thứ\sbảy chủ\snhật",
    after={
        "last": r"(?:tuần\s+)?trước|vừa\s+rồi|ngoái",
        "this": "này|nay",
        "this coming": r"(?:tuần\s+)?(?:sau|tới)",
    },
    ago=r"{}\s+trước",
    ahead=r"{}\s+nữa",
    numbers="một hai ba bốn năm sáu bảy tám chín mười",
    months="1 2 3 4 5 6 7 8 9 10 11 12",
    day="{day}/{month}/{year}",
    month="tháng {month}/{year}",
    prefixes={"around": "khoảng", "week": "tuần từ", "weekend": "cuối tuần từ"},
)

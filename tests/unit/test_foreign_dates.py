"""Words for days in other languages, and days that only the tense tells."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._core.clock import parse, read_zone
from powermem._core.patterns import Pattern
from powermem._core.query import question
from powermem._core.rules.dates import english, find_dates, hints
from powermem._core.rules.extraction import extract
from powermem._core.values import Message

WEDNESDAY = date(2026, 4, 22)


def written(sentence: str) -> list[tuple[str, str]]:
    found = find_dates(sentence, WEDNESDAY)
    return [(item.day.isoformat(), (item.words or "").strip(" ()\uff08\uff09")) for item in found]


@pytest.mark.parametrize(
    ("sentence", "day", "words"),
    [
        ("Gestern habe ich eine Katze adoptiert.", "2026-04-21", "21. April 2026"),
        ("Gestern Abend war ich im Kino.", "2026-04-21", "21. April 2026"),
        ("Vorgestern Pizza gegessen.", "2026-04-20", "20. April 2026"),
        ("Heute Morgen war ich laufen.", "2026-04-22", "22. April 2026"),
        ("Ich bin hier und habe morgen frei.", "2026-04-23", "23. April 2026"),
        ("Letzten Montag war ich in Rom.", "2026-04-20", "20. April 2026"),
        ("Kommenden Freitag habe ich Geburtstag.", "2026-04-24", "24. April 2026"),
        ("Vor zwei Wochen bin ich umgezogen.", "2026-04-08", "um den 8. April 2026"),
        ("In drei Tagen fliege ich nach Rom.", "2026-04-25", "25. April 2026"),
        ("Nächste Woche fliege ich nach Rom.", "2026-04-27", "Woche vom 27. April 2026"),
        ("Letzten Monat bin ich umgezogen.", "2026-03-01", "März 2026"),
        ("Letztes Jahr habe ich geheiratet.", "2025-01-01", "2025"),
        ("Hier j'ai adopté un chat.", "2026-04-21", "21 avril 2026"),
        ("J\u2019ai adopté un chat hier soir.", "2026-04-21", "21 avril 2026"),
        ("Avant-hier je suis allé à Lyon.", "2026-04-20", "20 avril 2026"),
        ("La semaine dernière, j'ai déménagé.", "2026-04-13", "semaine du 13 avril 2026"),
        ("Lundi prochain je commence mon travail.", "2026-04-27", "27 avril 2026"),
        ("Il y a trois mois j'ai changé de travail.", "2026-01-01", "janvier 2026"),
        ("Je pars dans deux jours.", "2026-04-24", "24 avril 2026"),
        ("Me mudé ayer a Valencia.", "2026-04-21", "21 de abril de 2026"),
        ("Mañana por la mañana voy al médico.", "2026-04-23", "23 de abril de 2026"),
        ("El lunes pasado fui al cine.", "2026-04-20", "20 de abril de 2026"),
        ("Hace dos años que vivo en Lima.", "2024-01-01", "2024"),
        ("Ieri sera ho mangiato la pizza.", "2026-04-21", "21 aprile 2026"),
        ("Due giorni fa ho comprato una bici.", "2026-04-20", "20 aprile 2026"),
        ("La settimana prossima vado a Roma.", "2026-04-27", "settimana del 27 aprile 2026"),
        ("Ontem eu adotei um gato.", "2026-04-21", "21 de abril de 2026"),
        ("Segunda-feira passada fui ao médico.", "2026-04-20", "20 de abril de 2026"),
        ("Gisteren heb ik een kat geadopteerd.", "2026-04-21", "21 april 2026"),
        ("Ik ga over twee weken naar Rome.", "2026-05-06", "rond 6 mei 2026"),
        ("Вчера я купил собаку.", "2026-04-21", "21 апреля 2026"),
        ("어제 고양이를 입양했어요.", "2026-04-21", "2026년 4월 21일"),
        ("一昨日、猫を飼いました。", "2026-04-20", "2026年4月20日"),
        ("きのう猫を飼いました。", "2026-04-21", "2026年4月21日"),
        ("Позавчера мы приехали домой.", "2026-04-20", "20 апреля 2026"),
        ("На прошлой неделе я болел.", "2026-04-13", "неделя с 13 апреля 2026"),
        ("Я переехал два года назад.", "2024-01-01", "2024"),
        ("Неделю назад я купил велосипед.", "2026-04-15", "около 15 апреля 2026"),
        ("Через три дня я лечу в Сочи.", "2026-04-25", "25 апреля 2026"),
        ("В прошлую пятницу был концерт.", "2026-04-17", "17 апреля 2026"),
        ("В прошлом месяце я уволился.", "2026-03-01", "март 2026"),
        ("Минулого тижня я хворів.", "2026-04-13", "тиждень з 13 квітня 2026"),
        ("Два дні тому я переїхав.", "2026-04-20", "20 квітня 2026"),
        ("W zeszłym tygodniu byłem chory.", "2026-04-13", "tydzień od 13 kwietnia 2026"),
        ("Przeprowadziłam się dwa lata temu.", "2024-01-01", "2024"),
        ("W zeszły piątek byliśmy w kinie.", "2026-04-17", "17 kwietnia 2026"),
        ("Za trzy dni lecę do Rzymu.", "2026-04-25", "25 kwietnia 2026"),
        ("Przedwczoraj kupiłem rower.", "2026-04-20", "20 kwietnia 2026"),
        ("Minulý týden jsem byl nemocný.", "2026-04-13", "týden od 13. dubna 2026"),
        ("Před dvěma dny jsem koupil kolo.", "2026-04-20", "20. dubna 2026"),
        ("Včera večer jsem byl v kině.", "2026-04-21", "21. dubna 2026"),
        ("Igår köpte jag en cykel.", "2026-04-21", "21 april 2026"),
        ("Förra veckan var jag sjuk.", "2026-04-13", "veckan från 13 april 2026"),
        ("För två år sedan flyttade jag hit.", "2024-01-01", "2024"),
        ("I går købte jeg en cykel, og jeg er glad.", "2026-04-21", "21. april 2026"),
        ("For to år siden flyttede jeg til Aarhus.", "2024-01-01", "2024"),
        ("Jeg flyttet til Oslo for tre uker siden.", "2026-04-01", "omkring 1. april 2026"),
        ("Ieri am cumpărat o bicicletă.", "2026-04-21", "21 aprilie 2026"),
        ("Acum doi ani m-am mutat la Cluj.", "2024-01-01", "2024"),
        ("Săptămâna trecută am fost bolnav.", "2026-04-13", "săptămâna din 13 aprilie 2026"),
        ("Saya pindah ke Bandung kemarin.", "2026-04-21", "21 April 2026"),
        ("Dua tahun lalu saya menikah.", "2024-01-01", "2024"),
        ("Minggu depan saya pergi ke Bali.", "2026-04-27", "minggu mulai 27 April 2026"),
        ("Eilen minä ostin pyörän.", "2026-04-21", "21. huhtikuuta 2026"),
        ("Kaksi vuotta sitten muutin Turkuun, ja olen onnellinen.", "2024-01-01", "2024"),
        ("Tegnap vettem egy biciklit.", "2026-04-21", "2026. április 21."),
        ("Két évvel ezelőtt költöztem ide, és én szeretem.", "2024-01-01", "2024"),
        ("Geçen hafta hastaydım.", "2026-04-13", "hafta başı 13 Nisan 2026"),
        ("Üç gün önce işten ayrıldım.", "2026-04-19", "19 Nisan 2026"),
        ("Yarın sabah doktora gidiyorum.", "2026-04-23", "23 Nisan 2026"),
        ("Geçen cuma sinemaya gittim.", "2026-04-17", "17 Nisan 2026"),
        ("İki yıl önce taşındım.", "2024-01-01", "2024"),
        ("Hôm qua tôi mua xe đạp.", "2026-04-21", "21/4/2026"),
        ("Tuần trước tôi bị ốm.", "2026-04-13", "tuần từ 13/4/2026"),
        ("Hai năm trước tôi đã chuyển đến Huế.", "2024-01-01", "2024"),
        ("أول أمس اشتريت سيارة.", "2026-04-20", "20 أبريل 2026"),
        ("انتقلت إلى دبي قبل ثلاثة أيام.", "2026-04-19", "19 أبريل 2026"),
        ("تزوجت منذ سنتين.", "2024-01-01", "2024"),
        ("سافرت الأسبوع الماضي إلى الرباط.", "2026-04-13", "أسبوع 13 أبريل 2026"),
        ("سأسافر الشهر القادم.", "2026-05-01", "مايو 2026"),
        ("قبل أسبوعين بدأت العمل.", "2026-04-08", "حوالي 8 أبريل 2026"),
        ("دیروز دوچرخه خریدم.", "2026-04-21", "21 آوریل 2026"),
        ("سه روز پیش به شیراز رفتم.", "2026-04-19", "19 آوریل 2026"),
        ("هفته گذشته مریض بودم.", "2026-04-13", "هفته 13 آوریل 2026"),
        ("אתמול קניתי אופניים.", "2026-04-21", "21 באפריל 2026"),
        ("לפני שנתיים עברתי לחיפה.", "2024-01-01", "2024"),
        ("בשבוע שעבר הייתי חולה.", "2026-04-13", "שבוע של 13 באפריל 2026"),
        ("कल मैंने साइकिल खरीदी।", "2026-04-21", "21 अप्रैल 2026"),
        ("कल मैं मुंबई जाऊँगा।", "2026-04-23", "23 अप्रैल 2026"),
        ("मैं तीन दिन पहले पुणे आया।", "2026-04-19", "19 अप्रैल 2026"),
        ("पिछले हफ़्ते मैं बीमार था।", "2026-04-13", "सप्ताह, 13 अप्रैल 2026"),
        ("अगले महीने मैं दिल्ली जाऊँगी।", "2026-05-01", "मई 2026"),
        ("परसों हम घर लौटे थे।", "2026-04-20", "20 अप्रैल 2026"),
        ("Χθες αγόρασα ποδήλατο.", "2026-04-21", "21 Απριλίου 2026"),
        ("Πριν δύο χρόνια μετακόμισα.", "2024-01-01", "2024"),
        ("先週の金曜日にピアノを始めました。", "2026-04-17", "2026年4月17日"),
        ("3日前に引っ越しました。", "2026-04-19", "2026年4月19日"),
        ("先月結婚しました。", "2026-03-01", "2026年3月"),
        ("来年、大学を卒業します。", "2027-01-01", "2027年"),
        ("二年前に京都に来ました。", "2024-01-01", "2024年"),
        ("再来週の月曜日に出張です。", "2026-05-04", "2026年5月4日"),
        ("2週間前に風邪をひいた。", "2026-04-08", "2026年4月8日"),
        ("지난주 금요일에 영화를 봤어요.", "2026-04-17", "2026년 4월 17일"),
        ("3일 전에 노트북을 샀어요.", "2026-04-19", "2026년 4월 19일"),
        ("두 달 전에 이사했어요.", "2026-02-01", "2026년 2월"),
        ("다음 달에 결혼해요.", "2026-05-01", "2026년 5월"),
        ("작년에 졸업했어요.", "2025-01-01", "2025년"),
        ("지난주에 아팠어요.", "2026-04-13", "2026년 4월 13일 주"),
        ("两年前我搬到了深圳。", "2024-01-01", "2024年"),
        ("上周五我辞职了。", "2026-04-17", "2026年4月17日"),
        ("上上周我去了杭州。", "2026-04-06", "2026年4月6日那周"),
        ("三天后我去北京。", "2026-04-25", "2026年4月25日"),
        ("下下周我出差。", "2026-05-04", "2026年5月4日那周"),
        ("上週五我去了台北。", "2026-04-17", "2026年4月17日"),
        ("Anteayer empecé a estudiar chino.", "2026-04-20", "20 de abril de 2026"),
        ("Semana que vem vou para o Porto.", "2026-04-27", "semana de 27 de abril de 2026"),
        ("Il y a 2 ans j'ai déménagé.", "2024-01-01", "2024"),
        ("Nächsten Dienstag fliege ich.", "2026-04-28", "28. April 2026"),
        ("Am vergangenen Wochenende war ich krank.", "2026-04-18", "Wochenende vom 18. April 2026"),
        ("Vor einem Jahr bin ich umgezogen.", "2025-01-01", "2025"),
    ],
)
def test_dates_are_written_out(sentence: str, day: str, words: str) -> None:
    assert written(sentence) == [(day, words)]


@pytest.mark.parametrize(
    ("sentence", "day", "words"),
    [
        ("I met Bo on Friday.", "2026-04-17", "17 April 2026"),
        ("I'm meeting Bo on Friday.", "2026-04-24", "24 April 2026"),
        ("I start at Siemens on April 1st.", "2027-04-01", "1 April 2027"),
        ("I moved to Rome last June.", "2025-06-01", "June 2025"),
        ("We're moving in June.", "2026-06-01", "June 2026"),
        ("My mother is turning 70 on 2 June.", "2026-06-02", "2 June 2026"),
        ("We got married in June.", "2025-06-01", "June 2025"),
        ("I will see him next March.", "2027-03-01", "March 2027"),
        ("My flight leaves in two days.", "2026-04-24", "24 April 2026"),
        ("I signed up for the marathon in October.", "2026-10-01", "October 2026"),
        ("I booked a flight to Oslo on 12 June.", "2026-06-12", "12 June 2026"),
        ("We got tickets for the opera on Friday.", "2026-04-24", "24 April 2026"),
        ("They invited us to their cabin in August.", "2026-08-01", "August 2026"),
        ("I decided to retire in March.", "2027-03-01", "March 2027"),
        ("She was asked to speak in Lyon on June 3rd.", "2026-06-03", "3 June 2026"),
        ("I ran the marathon in October.", "2025-10-01", "October 2025"),
    ],
)
def test_the_tense_tells_which_day_of_a_name_is_meant(sentence: str, day: str, words: str) -> None:
    assert written(sentence) == [(day, words)]


@pytest.mark.parametrize(
    "sentence",
    [
        "कल का दिन अच्छा है।",
        "I have choir on Friday.",
        "My birthday is on 2 June.",
        "I will see him next June.",
        "I could do it in two weeks.",
        "I learned it in two weeks.",
        "I was in Rome on Wednesday.",
        "I booked the hotel in June.",
        "I went to Rome and booked the hotel on 12 June.",
        "Ich wohne hier.",
        "Hier ist es schön.",
        "Hier ben ik thuis.",
        "Guten Morgen!",
        "Ich mag den Morgen.",
        "Ich jogge jeden Morgen.",
        "Prefiero trabajar por la mañana.",
        "I live in two houses and work over there.",
        "We suggested a prayer for the question.",
        "Gestern (am Dienstag) habe ich gelesen.",
        "",
    ],
)
def test_other_meanings_are_left(sentence: str) -> None:
    assert written(sentence) == []


@pytest.mark.parametrize(
    ("query", "first"),
    [("What did I do yesterday?", "2026-04-21"), ("Was habe ich gestern gemacht?", "2026-04-21"),
     ("我昨天做了什么?", "2026-04-21"), ("What did I do today?", "2026-04-22"),
     ("last month?", "2026-03-01")],
)  # fmt: skip
def test_the_days_of_a_query_are_those_where_it_is_asked(query: str, first: str) -> None:
    now, zone = parse("2026-04-23T02:30:00Z"), read_zone("America/New_York")
    period = question.find_period(query, now, zone)
    assert period is not None
    assert period.start == parse(first, zone=zone)


def test_a_day_is_as_long_as_clocks_say() -> None:
    zone = read_zone("Europe/Berlin")
    period = question.find_period("yesterday", parse("2026-03-30T10:00", zone=zone), zone)
    assert period is not None
    assert period.end - period.start == 23 * 3_600_000_000


def test_facts_keep_their_language() -> None:
    message = Message("user", "Gestern habe ich eine Katze adoptiert.", None, parse("2026-04-23T02:30:00Z"))
    (fact,) = extract([message])
    assert fact.text == "Gestern (22. April 2026) habe ich eine Katze adoptiert."


@pytest.mark.parametrize(
    "piece", ["vor ", "il y a ", "há 1 ", "3日", "за ", "قبل ", "地下", "on friday ", "in june ", "1 "]
)
def test_the_work_grows_with_the_text_only(piece: str) -> None:
    # Quadratic work on this much text would take minutes, which the test's own limit ends.
    find_dates(piece * 50_000 + "gestern вчера", WEDNESDAY)


_CASES = st.sampled_from([str.lower, str.upper, str.title, str.swapcase])
_SAME_LETTERS = {"i": "iıİI", "s": "sſS", "k": "kK\u212a", "å": "åÅ\u212b"}


def _written(pattern: Pattern) -> st.SearchStrategy[str]:
    return st.from_regex(re.compile(pattern.pattern, pattern.flags))


@given(_written(hints._HINT), _CASES, st.randoms(use_true_random=False))
def test_the_shortcut_passes_over_no_foreign_day(
    sentence: str, case: Callable[[str], str], draw: Random
) -> None:
    # As an expression that ignores case reads letters.
    letters = [draw.choice(_SAME_LETTERS.get(letter, letter)) for letter in sentence]
    for text in (sentence, case(sentence), "".join(letters)):
        assert hints.may_name_a_day(text) == (hints._HINT.search(text) is not None)


@given(_written(english._RELATIVE) | _written(english._BY_TENSE))
def test_the_shortcut_passes_over_no_english_day(sentence: str) -> None:
    assert english._MAY_MATCH.allows(sentence)


def test_what_names_no_day_is_told_without_trying_every_language(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def search(self, sentence: str) -> None:
            raise AssertionError(sentence)

    monkeypatch.setattr(hints, "_HINT", Refusing())
    for sentence in (
        "Which tea does Bo prefer?",
        "where do I live now",
        "Who fixed the printer in the office?",
    ):
        assert not hints.may_name_a_day(sentence)

"""Russian, Ukrainian, Polish and Czech."""

from __future__ import annotations

from .lexicon import Lexicon

RUSSIAN = Lexicon(
    code="ru",
    stop_words=("russian",),
    first=r"""
        (?:назад|вчера|сегодня|недавно|давно|уже|наконец|летом|зимой|весной|осенью|году|месяце|неделе|утром
        |вечером) (?:\S+ )?\w{3,}(?:л|ла|лся|лась) | я | меня | мне | мной | мою | мой | моя | моё | мое
        | мои | моего | моей | моему | моим | моими | моих | моём | моем | мы | нас | нам | нами | наш
        | наша | наше | наши | нашего | нашей | нашем | у нас | (?:живу|работаю|люблю|обожаю|ненавижу|учусь
        |предпочитаю|собираюсь|хочу|езжу|играю|говорю|пью|ем|курю|планирую|занимаюсь|переезжаю|лечу|еду
        |женюсь|увольняюсь|страдаю|боюсь|изучаю|пользуюсь|нуждаюсь) | ^(?:не )?(?:купил|купила|переехал
        |переехала|был|была|родился|родилась|женат|замужем|вышла замуж|женился|устроился|устроилась|уволился
        |уволилась|начал|начала|бросил|бросила|завёл|завела|завел|сдал|сдала|закончил|закончила)
    """,
    people=r"""
        жив[её]т | работает | учится | зовут | женится | выходит замуж | вышла замуж | женился | переехала?
        | переезжает | родил(?:а|ся|ась)? | умерл?а? | уволил(?:ся|ась) | купила? | любит | ненавидит
        | беременна | болеет | заболела? | аллергия | исполн\w+ | замужем | женат | играет | развел(?:ся
        |ась) | обручил(?:ся|ась)
    """,
    continues=r"он | она | они | ему | ей | его | её | ее | их | у (?:него|неё|нее)",
    question=r"""
        ^(?:кто|что (?!я)|где|когда (?!я|мы|мне)|почему|зачем|как (?:мне|это|ты|вы|я могу|можно|лучше
        |называется|правильно|дела)|какой|какая|какое|какие|сколько|куда|откуда|чей|можно ли|есть ли|неужели
        |разве)(?!\w) | (?<!\w)ли(?!\w) | ^(?:ты|вы) (?:знаешь|знаете|можешь|можете|умеешь|любишь)
        | интересно,? (?:как|что|почему|сколько)
    """,
    command=r"""
        (?:мне (?:нужн\w+|надо)|(?:я )?(?:ищу|хочу|хотел\w? бы)) (?:\S+ ){0,3}?(?:пример\w*|резюме|краткое
        |текст\w*|иде\w+|совет\w*|рецепт\w*|список|стих\w*|объяснени\w+|перевод\w*|рекомендаци\w+|помощь
        |письмо|код|узнать|понять) | (?:отмени|отмените|измени|перенеси|перенесите|удали|добавь|запланируй
        |закажи|закажите|купи(?!л)|позвони|открой|напомни|назначь) | (?:пожалуйста,? )?(?:скажи|скажите
        |расскажи|расскажите|напиши|напишите|объясни|объясните|покажи|покажите|дай|дайте|помоги|помогите
        |сделай|сделайте|найди|найдите|переведи|переведите|составь|составьте|сравни|посчитай|создай
        |порекомендуй|посоветуй|посоветуйте|забронируй|отправь|представь|представим|исправь|подожди|давай
        |давайте|проверь|перечисли|придумай|подскажи|подскажите) | пожалуйста | мне нужна (?:помощь
        |твоя помощь|ваша помощь) | (?:я )?хочу,? чтобы (?:ты|вы)(?! всегда| никогда) | (?:ты|вы) (?:можешь
        |можете|должен|должны)|тебе (?:стоит|нужно) | хочу (?:узнать|спросить) | у меня (?:есть )?вопрос
    """,
    talk=r"""
        (?:я )?(?:что-то |пока |немного |совсем )?не (?:понял|поняла|понимаю) | (?:я )?(?:попробую
        |постараюсь) | (?:у меня )?(?:ещё|еще|есть) (?:один |пара )?вопрос\w* | привет\w* | здравствуй\w*
        | добрый (?:день|вечер|утро) | доброе утро | спасибо | большое спасибо | пока\W*$ | до свидания
        | до (?:встречи|завтра) | поздравляю | не за что | (?:да|нет|ок|окей|хорошо|ладно|отлично|понятно
        |ясно|точно|конечно|ага|угу|круто|супер|класс|ха-?ха\w*|ого|вау|согласен|согласна)\W*$
        | (?:я )?(?:понимаю|понял|поняла|знаю|не знаю|согласен|согласна|думаю,? (?:да|нет|что (?:ты|да|это))
        |надеюсь|рад|рада|сочувствую|тоже\W*$|верю) | это (?:здорово|хорошо|круто|интересно|правда|точно|так
        |очень) | как (?:здорово|интересно|жаль|мило) | удачи | жаль | извини\w* | не (?:важно|волнуйся
        |проблема) | мне (?:кажется|всё равно|жаль|интересно|понравилось это) | что за
    """,
    unreal=r"""
        если бы | (?:был|была|было|были|купил|купила|хотел|хотела|жил|жила|поехал|поехала|уехал|уехала|мог
        |могла) бы | вот бы | хотелось бы | представь(?:те)? | допустим | предположим | гипотетически
        | жаль,? что (?:я )?не
    """,
    joke=r"шучу | шутка | это была шутка | пошутил | пошутила | прикалываюсь | шутя | я шутил\w?",
    opener=r"""
        (?:да|нет|ах|ох|ой|ну|ок|окей|привет|здравствуйте|спасибо|точно|хорошо|ладно|кстати|ого|вау|ага
        |конечно|слушай|эх|увы|ха-?ха\w*|вообще|понятно|отлично
        |добрый день)(?=\s*[,.!:;\u2014\u2013\u2026-]) | (?:кстати|ну|а|но|и|так вот|вообще-то|на самом деле
        |ещё|еще|также)(?=[\s,:])
    """,
    correction=r"""
        (?:нет|ой|стоп|подожди|погоди|извини|извините|прости|простите|неправильно|неверно|ошибка|точнее
        |вернее)[,:!.\u2014\u2013 -]+(?:(?:нет|стоп|подожди|погоди|извините|извини|простите|прости|не так
        |неправильно|неверно|я ошибся|я ошиблась|ошибся|ошиблась|я имел в виду|я имела в виду
        |я хотел сказать|я хотела сказать|точнее|вернее)[,:!.\u2014\u2013 -]+)+ | (?:поправка|я ошибся
        |я ошиблась|ошибся|ошиблась|оговорился|оговорилась|точнее|вернее|я имел в виду|я имела в виду
        |исправляюсь)
    """,
    remember=r"""
        (?:пожалуйста,? )?(?:запомни|запомните|помни|помните|не забудь|не забудьте|имей в виду|имейте в виду
        |учти|учтите|запиши|запишите|к сведению)(?:,? что)?
    """,
    instruction=r"""
        (?:с этого момента|отныне|впредь|в будущем|с сегодняшнего дня|всегда|никогда не) (?=\S*(?:отвеч|пиш
        |говор|использ|обращ|называ|зови|давай|объясн)) | (?:отныне|впредь|с этого момента)
        | (?:пожалуйста,? )?(?:отвечай|отвечайте|пиши|пишите|говори|говорите|используй|используйте|обращайся
        |обращайтесь|называй|называйте|зови|зовите
        |объясняй)(?: мне| со мной| ко мне| меня)?(?: пожалуйста)? (?:\S+ ){0,3}?(?:всегда|только|никогда
        |по-\w+|на (?:русском|английском|ты|вы)|коротко|кратко|без|подробно|просто|\w+) | (?:называй|зови
        |зовите|называйте) меня | не (?:используй|используйте|пиши|называй)\w* | без (?:смайл\w*|эмодзи)
        | (?:я )?хочу,? чтобы (?:ты|вы) (?:всегда|никогда)
    """,
    deed=r"""
        (?:я |мы |уже )?(?:забронировал|забронировала|заказал|заказала|отменил|отменила|отправил|отправила
        |запланировал|создал|создала|исправил|исправила|оплатил|оплатила|зарегистрировал|добавил|добавила
        |обновил|обновила|перенёс|перенес|перенесла|записал|записала|купил|купила|оформил|оформила|вернул
        |вернула|забронировали|отправили|оформили|вернули|отменили) | (?:ваш|ваша|ваше|ваши|твой|твоя|твоё
        |твои) (?:\S+ )?(?:заказ|рейс|запись|бронь|бронирование|посылка|счёт|счет|возврат|билет|подписка
        |столик|номер|доставка|приём|прием) .{0,50} | (?:забронирован|отправлен|отменён|отменен
        |подтвержд[её]н|оплачен)[аоы]?
    """,
    paste=r"""
        (?:пожалуйста,? )?(?:можешь )?(?:переведи\w*|перевести|кратко изложи|перескажи|исправь\w*
        |отредактируй|перепиши|проверь\w*|сократи|резюмируй)(?!\w)[^:]{0,80}:
    """,
    identity=r"""
        меня зовут | мо[яйеё] (?:имя|фамилия|день рождения|профессия|адрес|телефон|возраст|почта|работа)
        | (?:я )?живу | (?:я )?работаю | мне \d+ (?:лет|год\w*) | я (?:родил\w+|из|учусь|по профессии)
        | по профессии
    """,
    plan=r"""
        собираюсь | планирую | хочу | буду | поеду | пойду | полечу | хотел(?:а)? бы | завтра | послезавтра
        | следующ\w+ | через \w+ | запись
    """,
    preference=r"""
        люблю | не люблю | обожаю | ненавижу | предпочитаю | нравится | нравятся | любим\w+ | аллергия
        | аллергик | веган\w* | вегетариан\w+ | не (?:пью|ем|курю|переношу) | терпеть не
    """,
    relationship=r"""
        (?:мо[йяеёи]|моего|моей|моему|моих|наш\w*) (?:\S+ )?(?:жена|муж|мам\w|пап\w|мать|отец|сестр\w
        |брат\w?|сын\w?|дочь|дочк\w|дети|ребёнок|ребенок|бабушк\w|дедушк\w|дядя|тётя|тетя|начальник\w?
        |коллег\w|друг|подруг\w|парень|девушк\w|собак\w|кошк\w|кот|родител\w) | женат | замужем
        | разведен\w? | холост
    """,
    event=r"""
        вчера | позавчера | сегодня | прошл\w+ | недавно | назад | переехал\w? | купил\w? | был\w?
        | родил\w+ | начал\w?
    """,
)  # fmt: skip

UKRAINIAN = Lexicon(
    code="uk",
    first=r"""
        я | мене | мені | мною | мій | моя | моє | мої | мого | моєї | моєму | моїм | ми | нас | нам | наш
        | наша | наше | наші | нашого | нашої | (?:живу|працюю|люблю|обожнюю|ненавиджу|навчаюся|вчуся|хочу
        |планую|п'ю|їм|їжджу|граю|переїжджаю|збираюся) | ^(?:не )?(?:купив|купила|переїхав|переїхала
        |народився|народилася|одружений|заміжня)
    """,
    people=r"""
        живе | працює | навчається | одружується | одружив\w+ | переїхала? | переїхав | народив\w+
        | народила | звільни\w+ | купив | купила | вагітна | хворіє | любить | виповнилося | помер\w*
    """,
    continues=r"він | вона | вони | йому | їй | його | її | їх",
    question=r"""
        ^(?:хто|що (?!я)|де|коли (?!я)|чому|навіщо|як (?:мені|це|ти|ви|можна|справи)|який|яка|яке|які
        |скільки|куди|звідки|чи)(?!\w)
    """,
    command=r"""
        (?:будь ласка,? )?(?:скажи|скажіть|розкажи|розкажіть|напиши|напишіть|поясни|поясніть|покажи|дай
        |допоможи|допоможіть|зроби|знайди|переклади|перекладіть|порівняй|створи|порадь|порекомендуй|забронюй
        |уяви|виправ|зачекай|давай) | будь ласка | мені потрібна допомога | хочу,? щоб (?:ти|ви)(?! завжди)
    """,
    talk=r"""
        (?:я )?не (?:зрозумів|зрозуміла|розумію) | (?:я )?(?:спробую|постараюся) | привіт | вітаю
        | добрий (?:день|вечір|ранок) | доброго \w+ | дякую | бувай | до побачення | (?:так|ні|ок|добре
        |гаразд|чудово|зрозуміло|ясно|точно|звісно|ага|круто|супер)\W*$ | (?:я )?(?:розумію|зрозумів|знаю
        |не знаю|згоден|згодна|сподіваюся|радий|рада) | це (?:чудово|добре|круто|правда|цікаво) | удачі
        | шкода | вибач\w*
    """,
    unreal=r"""
        (?:якби|якщо б) | хотілося б | уяви\w* | припустимо | гіпотетично | (?:був|була|купив|купила|поїхав
        |поїхала|хотів|хотіла) би
    """,
    joke=r"жартую | жарт | пожартував | пожартувала",
    opener=r"""
        (?:так|ні|ах|ох|ой|ну|ок|привіт|дякую|точно|добре|гаразд|до речі|ага
        |звісно)(?=\s*[,.!:;\u2014\u2013\u2026-]) | (?:до речі|ну|а|але|і|та|насправді)(?=[\s,:])
    """,
    correction=r"""
        (?:ні|ой|стоп|зачекай|вибач|вибачте|неправильно|помилка)[,:!.\u2014\u2013 -]+(?:(?:ні|стоп|зачекай
        |не так|неправильно|я помилився|я помилилася|я мав на увазі|точніше)[,:!.\u2014\u2013 -]+)+
        | (?:я помилився|я помилилася|точніше|я мав на увазі|я мала на увазі|виправлення)
    """,
    remember=r"""
        (?:будь ласка,? )?(?:запам'ятай|запам'ятайте|пам'ятай|не забудь|май на увазі|запиши)(?:,? що)?
    """,
    instruction=r"""
        (?:відтепер|надалі|з цього моменту) | (?:будь ласка,? )?(?:відповідай|відповідайте|пиши|пишіть
        |говори|використовуй|називай|звертайся)(?: мені| зі мною| до мене| мене)? (?:\S+ ){0,3}?(?:завжди
        |тільки|лише|ніколи|українською|англійською|коротко|без|на ти|\w+) | не використовуй\w*
        | завжди (?:відповідай|пиши)
    """,
    deed=r"""
        (?:я |ми |вже )?(?:забронював|забронювала|замовив|замовила|скасував|скасувала|надіслав|надіслала
        |створив|створила|виправив|виправила|оплатив|додав|додала|оновив|переніс|записав|оформив) | (?:ваше
        |ваш|ваша|твоє|твій|твоя) (?:\S+ )?(?:замовлення|рейс|запис|бронювання|посилка|рахунок|квиток
        |столик) .{0,50}
    """,
    paste=r"(?:будь ласка,? )?(?:переклади|перекладіть|виправ|перепиши|скороти)(?!\w)[^:]{0,80}:",
    identity=r"""
        мене звати | моє ім'я | (?:я )?живу | (?:я )?працюю | мені \d+ (?:років|рік|роки) | я (?:народи\w+|з
        |навчаюся)
    """,
    plan=r"збираюся | планую | хочу | буду | поїду | завтра | післязавтра | наступн\w+ | через \w+",
    preference=r"""
        люблю | обожнюю | ненавиджу | подобається | подобаються | улюблен\w+ | алергія | веган\w*
        | вегетаріан\w+ | не (?:п'ю|їм|палю)
    """,
    relationship=r"""
        (?:мій|моя|моє|мої|мого|моєї|наш\w*) (?:\S+ )?(?:дружина|чоловік|мама|тато|мати|батько|сестра|брат
        |син|донька|діти|бабуся|дідусь|начальник|колега|друг|подруга|собака|кіт|кішка) | одружений | заміжня
    """,
    event=r"вчора | позавчора | сьогодні | минул\w+ | тому | переїха\w+ | купи\w+ | був | була",
)  # fmt: skip

POLISH = Lexicon(
    code="pl",
    stop_words=("polish",),
    first=r"""
        ja | mnie | mi | mną | mój | moja | moje | moi | mojego | mojej | mojemu | moim | moją | moich | my
        | nas | nam | nasz\w* | (?:mieszkam|pracuję|mam|nie mam|jestem|lubię|wolę|kocham|chcę|muszę|mogę|idę
        |jadę|lecę|jem|piję|palę|gram|uczę się|studiuję|nazywam się|potrzebuję|nienawidzę|używam|boję się
        |choruję|cierpię|szukam|jeżdżę|biegam|gotuję|czytam|mówię|planuję|zamierzam|wyjeżdżam
        |przeprowadzam się|biorę|zaczynam|kończę|mieszkamy|mamy|jesteśmy|pracujemy|używamy|idziemy|jedziemy)
        | \w{2,}(?:łem|łam|liśmy|łyśmy) | \w{3,}uję
    """,
    people=r"""
        mieszka | pracuje | studiuje | nazywa się | wychodzi za mąż | żeni się | ożenił się | wyszła za mąż
        | przeprowadził\w? się | urodził\w? | kończy | zmarł\w? | zwolnił\w? się | kupił\w? | kocha
        | nienawidzi | lubi | woli | jest (?:\S+ )?(?:w ciąży|chor[ya]|uczulon[ya]|lekark?\w*|wegetarian\w+)
        | ma (?:\S+ )?\d+ lat | zaręczył\w? się | rozwiódł się | rozwiodła się
    """,
    continues=r"on | ona | ono | oni | one | jego | jej | ich | mu",
    question=r"""
        ^(?:kto|co (?!ja)|gdzie|kiedy (?!ja|by)|dlaczego|czemu|jak (?:się|mogę|można|to|masz|działa
        |najlepiej)|jaki|jaka|jakie|ile|skąd|dokąd|czy|który|która|które)\b | ^(?:możesz|mógłbyś|mogłabyś
        |wiesz|masz|chcesz|znasz|lubisz)\b | \bzastanawiam się\b | \bchciał\w+ wiedzieć\b
    """,
    command=r"""
        (?:potrzebuję|szukam|chcę|chciał\w?bym) (?:\S+ ){0,3}?(?:przykład\w*|streszczeni\w+|tekst\w*
        |pomysł\w*|rad\w|przepis\w*|wiersz\w*|wyjaśnieni\w+|tłumaczeni\w+|rekomendacj\w+|pomoc\w*|kod\w*
        |wiedzieć|zrozumieć) | (?:anuluj|zmień|przenieś|usuń|dodaj|zaplanuj|zamów|kup|zadzwoń|otwórz
        |przypomnij|umów) | (?:proszę,? )?(?:powiedz|napisz|wyjaśnij|pokaż|daj|pomóż|zrób|znajdź|przetłumacz
        |streść|podsumuj|wymień|porównaj|oblicz|stwórz|poleć|zaproponuj|opowiedz|zarezerwuj|wyślij|wyobraź
        |popraw|poczekaj|zobacz|sprawdź|chodźmy|podaj) | proszę | potrzebuję (?:pomocy|twojej pomocy|porady)
        | chcę,? żebyś(?! zawsze| nigdy) | mam pytanie | (?:możesz|powinieneś|powinnaś|musisz)
    """,
    talk=r"""
        nie (?:rozumiem|zrozumiał\w+) | spróbuję | postaram się | mam (?:jeszcze )?(?:jedno |kilka )?pyta\w+
        | cześć | hej | dzień dobry | dobry wieczór | dobranoc | dziękuję | dzięki | do (?:widzenia
        |zobaczenia|jutra) | pa\W*$ | gratulacje | nie ma za co | (?:tak|nie|ok|okej|dobrze|jasne|super
        |świetnie|dokładnie|pewnie|haha\w*|fajnie|no|rozumiem|wow|zgoda)\W*$ | (?:rozumiem|wiem|nie wiem
        |zgadzam się|myślę,? że (?:tak|nie)|mam nadzieję|cieszę się|przykro mi|ja też\W*$)
        | to (?:jest |było |brzmi )?(?:świetnie|super|dobrze|prawda|miłe|fajne|ciekawe|straszne)
        | powodzenia | miłego | nie (?:szkodzi|ma problemu|martw się) | jak (?:miło|fajnie|szkoda) | co za
    """,
    unreal=r"""
        (?:gdybym|gdybyśmy|jeślibym|jakbym|gdyby) | (?:chciał|chciała|był|była|kupił|kupiła|mógł|mogła
        |pojechał|pojechała|miał|miała)bym(?! prosić) | oby | szkoda,? że nie | wyobraź(?:my)? sobie
        | załóżmy | przypuśćmy | hipotetycznie
    """,
    joke=r"żartuję | żartowałem | żartowałam | to (?:był )?żart | dla żartu | jaja sobie robię",
    opener=r"""
        (?:tak|nie|ach|och|oj|ok|okej|dobra|cześć|hej|dzięki|dziękuję|jasne|dokładnie|dobrze|super|no|no to
        |haha\w*|wow|kurczę|niestety|dzień dobry|fajnie)(?=\s*[,.!:;\u2014\u2013\u2026-]) | (?:a propos
        |swoją drogą|ale|i|a|więc|właściwie|poza tym|no)(?=[\s,:])
    """,
    correction=r"""
        (?:nie|przepraszam|czekaj|poczekaj|sorry|sorki|ups|stop|błąd|źle)[,:!.\u2014\u2013 -]+(?:(?:nie
        |czekaj|przepraszam|pomyliłem się|pomyliłam się|to nie tak|źle|miałem na myśli|miałam na myśli
        |chciałem powiedzieć|chciałam powiedzieć|raczej|znaczy)[,:!.\u2014\u2013 -]+)+ | (?:pomyliłem się
        |pomyliłam się|poprawka|sprostowanie|miałem na myśli|miałam na myśli|to znaczy)
    """,
    remember=r"""
        (?:proszę,? )?(?:zapamiętaj|pamiętaj|nie zapomnij|zapisz|zanotuj
        |miej na uwadze)(?: proszę)?(?:,? że)?
    """,
    instruction=r"""
        (?:od teraz|od dziś|od tej pory|odtąd|w przyszłości) | (?:proszę,? )?(?:odpowiadaj|pisz|mów|używaj
        |zwracaj się|nazywaj|tłumacz|wyjaśniaj)(?: mi| do mnie| mnie)?(?: proszę)? (?:\S+ ){0,3}?(?:zawsze
        |tylko|nigdy|po (?:polsku|angielsku)|krótko|zwięźle|bez|prosto|\w+) | (?:zawsze
        |nigdy nie) (?:odpowiadaj|pisz|używaj|mów) | nie (?:używaj|pisz|nazywaj)\w* | mów (?:mi|do mnie)
        | bez emoji\w* | chcę,? żebyś (?:zawsze|nigdy)
    """,
    deed=r"""
        (?:zarezerwowałem|zarezerwowałam|zamówiłem|zamówiłam|anulowałem|anulowałam|wysłałem|wysłałam
        |zaplanowałem|utworzyłem|utworzyłam|stworzyłem|naprawiłem|naprawiłam|poprawiłem|poprawiłam
        |zapłaciłem|dodałem|dodałam|zaktualizowałem|przeniosłem|przełożyłem|przełożyłam|kupiłem|umówiłem
        |umówiłam|zwróciliśmy|wysłaliśmy) | (?:twoje|twój|twoja|pana|pani|państwa) (?:\S+ )?(?:zamówienie
        |lot|wizyta|rezerwacja|paczka|konto|zwrot|bilet|przesyłka|stolik|pokój|faktura) .{0,50}
        | został\w? (?:zarezerwowan|wysłan|anulowan|potwierdzon|zwrócon)\w
    """,
    paste=r"""
        (?:proszę,? )?(?:możesz )?(?:przetłumacz\w*|streść|podsumuj|popraw|przeredaguj|sprawdź
        |skróć)(?!\w)[^:]{0,80}:
    """,
    identity=r"""
        nazywam się | mam na imię | (?:moje|mój|moja) (?:imię|nazwisko|urodziny|zawód|adres|numer|telefon
        |wiek|praca|e-mail) | mieszkam | pracuję | mam \d+ lat | urodziłem się | urodziłam się | pochodzę
        | jestem (?:z|\w+(?:em|ką|iem|rzem))
    """,
    plan=r"""
        zamierzam | planuję | chcę | będę | pojadę | pójdę | polecę | chciał\w?bym | jutro | pojutrze
        | przyszł\w+ | następn\w+ | za \w+ (?:dni|tygodnie|tygodni|miesiące|miesięcy|lata|lat|tydzień
        |miesiąc|rok) | wizyt\w
    """,
    preference=r"""
        lubię | nie lubię | kocham | uwielbiam | nienawidzę | wolę | ulubion\w+ | alergi\w+ | uczulon\w+
        | wegan\w* | wegetarian\w+ | nie (?:piję|jem|palę|znoszę|toleruję)
    """,
    relationship=r"""
        (?:mój|moja|moje|mojego|mojej|moi|nasz\w*) (?:\w+ )?(?:żona|mąż|mama|tata|matka|ojciec|siostr\w
        |brat\w?|syn\w?|córk\w|dzieci|dziecko|babci\w|dziad\w+|wujek|ciocia|szef\w*|koleg\w|koleżank\w
        |przyjaci\w+|chłopak\w?|dziewczyn\w|pies|psa|kot\w?|rodzice) | żonaty | mężatk\w | rozwiedzion\w
        | singl\w+
    """,
    event=r"""
        wczoraj | przedwczoraj | dzisiaj | dziś | zeszł\w+ | ubiegł\w+ | temu | niedawno | \w{2,}(?:łem|łam
        |liśmy|łyśmy)
    """,
)  # fmt: skip

CZECH = Lexicon(
    code="cs",
    stop_words=("czech",),
    first=r"""
        \w{3,}(?:eme|áme|íme) | já | mě | mne | mi | mnou | můj | moje | má | mí | mého | mojí | mém | my
        | nás | nám | náš | naše | naši | (?:bydlím|pracuji|pracuju|mám|nemám|jsem|nejsem|rád|ráda|chci
        |musím|můžu|mohu|jdu|jedu|jím|nejím|piju|nepiju|hraju|hraji|učím se|studuji|studuju|jmenuji se
        |jmenuju se|potřebuji|potřebuju|nesnáším|miluji|miluju|používám|bydlíme|máme|jsme|pracujeme
        |používáme|jedeme)
    """,
    people=r"""
        bydlí | pracuje | studuje | jmenuje se | vdává se | žení se | oženil se | vdala se
        | přestěhoval\w? se | narodil\w? | zemřel\w? | koupil\w? | miluje | nesnáší | má rád\w?
        | je (?:těhotná|nemocn\w|alergick\w) | slaví | dal\w? výpověď
    """,
    continues=r"on | ona | oni | jeho | její | jejich | mu | jí",
    question=r"""
        ^(?:kdo|co|kde|kdy (?!jsem)|proč|jak (?:se|mohu|můžu|to|dlouho)|jaký|jaká|jaké|kolik|odkud|kam|který
        |která) | ^(?:můžeš|mohl bys|víš|máš|chceš|znáš)\b | \bzajímalo by mě\b
    """,
    command=r"""
        (?:prosím,? )?(?:řekni|napiš|vysvětli|ukaž|dej|pomoz|udělej|najdi|přelož|shrň|vyjmenuj|porovnej
        |spočítej|vytvoř|doporuč|navrhni|zarezervuj|pošli|představ|oprav|počkej|zkontroluj) | prosím
        | potřebuj[iu] (?:pomoc|poradit) | chci,? abys(?! vždy| nikdy) | mám (?:otázku|dotaz)
    """,
    talk=r"""
        nerozumím | nechápu | zkusím | mám (?:ještě )?(?:jeden |jednu )?(?:dotaz|otázku) | ahoj
        | dobrý (?:den|večer) | dobré ráno | děkuj[iu] | díky | na shledanou | gratuluj[iu] | není zač
        | (?:ano|ne|jo|ok|dobře|jasně|super|skvěle|přesně|haha\w*|fajn|rozumím)\W*$ | (?:rozumím|chápu|vím
        |nevím|souhlasím|doufám|myslím,? že (?:ano|ne)|to je) | hodně štěstí | je mi líto
    """,
    unreal=r"""
        (?:kdybych|kdybychom|kdyby) | bych (?:byl|byla|koupil|koupila|jel|jela|měl|měla) | kéž
        | představ(?:me|te)? si | dejme tomu | předpokládejme | hypoteticky
    """,
    joke=r"dělám si (?:legraci|srandu) | žertuj[iu] | to byl vtip | jen vtip | sranda",
    opener=r"""
        (?:ano|ne|jo|ach|no|ok|ahoj|díky|děkuji|přesně|dobře|jasně|super|haha\w*
        |bohužel)(?=\s*[,.!:;\u2014\u2013\u2026-]) | (?:mimochodem|a|ale|takže|vlastně|navíc)(?=[\s,:])
    """,
    correction=r"""
        (?:ne|promiň|promiňte|počkej|pardon|špatně|omyl)[,:!.\u2014\u2013 -]+(?:(?:ne|počkej|promiň
        |spletl jsem se|spletla jsem se|špatně|myslel jsem|myslela jsem|chtěl jsem říct|chtěla jsem říct
        |vlastně)[,:!.\u2014\u2013 -]+)+ | (?:oprava|spletl jsem se|spletla jsem se|chtěl jsem říct
        |chtěla jsem říct)
    """,
    remember=r"""
        (?:prosím,? )?(?:zapamatuj si|pamatuj si|pamatuj|nezapomeň|poznamenej si|měj na paměti)(?:,? že)?
    """,
    instruction=r"""
        (?:od teď|odteď|od nynějška|příště|do budoucna) | (?:prosím,? )?(?:odpovídej|piš|mluv|používej|říkej
        |oslovuj|vykej|tykej)(?: mi| se mnou| mě)?(?: prosím)? (?:\S+ ){0,3}?(?:vždy|jen|pouze|nikdy|česky
        |anglicky|stručně|krátce|bez|\w+) | (?:vykej|tykej) mi | nepoužívej\w* | vždy (?:odpovídej|piš)
        | bez emoji\w*
    """,
    deed=r"""
        (?:zarezervoval|objednal|zrušil|odeslal|poslal|naplánoval|vytvořil|opravil|zaplatil|přidal
        |aktualizoval|přesunul|koupil)a? jsem | (?:vaše|váš|tvoje|tvůj|tvá) (?:\S+ )?(?:objednávka|let
        |schůzka|rezervace|balík|zásilka|účet|letenka|stůl) .{0,50}
    """,
    paste=r"(?:prosím,? )?(?:přelož|shrň|oprav|přepiš|zkrať)(?!\w)[^:]{0,80}:",
    identity=r"""
        jmenuj[iu] se | (?:moje|mé) (?:jméno|narozeniny|povolání|adresa|číslo|práce) | bydlím | pracuj[iu]
        | je mi \d+ | narodil\w? jsem se | pocházím | jsem (?:z|\w+(?:ka|ař|tel|ér|or))
    """,
    plan=r"""
        chystám se | plánuj[iu] | chci | budu | pojedu | půjdu | poletím | chtěl\w? bych | zítra | pozítří
        | příští | za \w+ (?:dny|dní|týdny|týdnů|měsíce|měsíců|let|týden|měsíc|rok)
    """,
    preference=r"""
        mám rád\w? | nemám rád\w? | miluj[iu] | nesnáším | raději | oblíben\w+ | alergi\w+ | vegan\w*
        | vegetarián\w* | nejím | nepij[iu] | nekouřím
    """,
    relationship=r"""
        (?:můj|moje|má|mého|náš|naše) (?:\w+ )?(?:žena|manželka|manžel|máma|matka|táta|otec|sestra|bratr|syn
        |dcera|děti|babička|děda|šéf\w*|kolega|kolegyně|kamarád\w*|přítel|přítelkyně|pes|kočka|rodiče)
        | ženatý | vdaná | rozveden\w
    """,
    event=r"""
        včera | předevčírem | dnes | minul\w+ | loni | před \w+ | \w{2,}l[ao]? jsem | jsem \w+l[ao]?
    """,
)  # fmt: skip

"""Single sentences in other languages: what tells something, and what only keeps the talk going."""

from __future__ import annotations

import pytest

from powermem._core.rules.extraction import extract
from powermem._core.values import Message


def kept(sentence: str) -> list[str]:
    messages = [Message("user", "."), Message("assistant", "."), Message("user", sentence)]
    return [fact.text for fact in extract(messages)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Ich bin seit 2019 selbstständig und führe ein kleines Café in Erfurt.",
        "Seit meiner Knie-OP kann ich nicht mehr joggen.",
        "Unsere Firma nutzt Jira und Confluence.",
        "Mein Vertrag läuft am 30. September aus.",
        "Bin gegen Hausstaub allergisch.",
        "Hab mir gestern den Fuß verstaucht.",
        "Je suis au régime sans gluten depuis janvier.",
        "Mes parents arrivent samedi prochain de Québec.",
        "J'apprends le japonais depuis deux ans.",
        "On a deux enfants, Léo et Zoé.",
        "Estoy aprendiendo a tocar la guitarra.",
        "Tenemos una hija de tres años que se llama Vera.",
        "Mi correo es ana@ejemplo.es",
        "Me operaron del corazón en 2018.",
        "Estou grávida de cinco meses.",
        "O meu carro é um Fiat Uno de 2012.",
        "Sto imparando il tedesco da un anno.",
        "Mia suocera viene a stare da noi a Pasqua.",
        "Ik ben lactose-intolerant.",
        "Onze dochter gaat in september naar de universiteit.",
        "У меня диабет второго типа.",
        "Мы с женой развелись в прошлом году.",
        "Moja córka ma na imię Zosia i chodzi do przedszkola.",
        "Jestem weganką od pięciu lat.",
        "Kızım üniversiteyi kazandı.",
        "Diyabet hastasıyım.",
        "أنا نباتية منذ خمس سنوات.",
        "ابنتي الصغرى اسمها ليلى.",
        "मेरे पति बैंक में काम करते हैं।",
        "मुझे मधुमेह है।",
        "妻と二人の息子がいます。",
        "毎朝5時に起きてランニングしています。",
        "糖尿病なので甘いものは控えています。",
        "저는 채식주의자예요.",
        "제 남편은 소방관이에요.",
        "我有糖尿病，不能吃甜食。",
        "我老婆是四川人。",
        "我在字节跳动做前端。",
        "每天早上六点我都去跑步。",
        "今年考上了浙江大学。",
        "我把房子卖了，准备出国。",
        "平时喜欢打篮球和看科幻电影。",
    ],
)
def test_what_people_tell_of_themselves_is_kept(sentence: str) -> None:
    assert len(kept(sentence)) == 1


@pytest.mark.parametrize(
    "sentence",
    [
        "Wie kann ich in Excel zwei Spalten zusammenführen?",
        "Ich brauche eine Idee für ein Geburtstagsgeschenk",
        "Schreib mir bitte eine E-Mail an meinen Vermieter.",
        "Ich verstehe den zweiten Schritt nicht ganz.",
        "Das klingt gut, danke dir vielmals!",
        "Was würdest du mir empfehlen",
        "Gib mir ein Rezept für Lasagne",
        "Ich habe noch eine Frage dazu.",
        "Könnten Sie mir bitte weiterhelfen?",
        "Das ist mir zu kompliziert.",
        "Ich glaube, das ist falsch.",
        "Bitte kürzer.",
        "Comment je peux supprimer un fichier sous Linux ?",
        "J'aimerais savoir si le magasin est ouvert",
        "Peux-tu me proposer un menu pour ce soir",
        "Je ne comprends pas la deuxième étape.",
        "Super, merci pour ton aide !",
        "Écris-moi un poème sur la mer.",
        "Ça marche, je vais essayer.",
        "C'est exactement ce que je cherchais.",
        "Je voudrais un résumé du livre.",
        "¿Cómo puedo aprender inglés rápido?",
        "Escribe un correo para mi jefe pidiendo vacaciones.",
        "No entiendo el segundo paso.",
        "Me puedes dar un ejemplo",
        "Perfecto, muchas gracias por tu ayuda",
        "Necesito que me expliques las derivadas.",
        "Eso no es lo que pedí.",
        "Quiero saber cuánto cuesta un vuelo a Roma",
        "Vale, lo intentaré.",
        "Como faço para trocar o pneu",
        "Me ajuda a escrever um texto sobre o clima",
        "Não entendi o segundo passo.",
        "Legal, vou tentar.",
        "Come si cucina la carbonara",
        "Scrivimi una poesia sul mare.",
        "Non ho capito il secondo passaggio.",
        "Va bene, ci provo.",
        "Hoe kan ik een bestand verwijderen",
        "Schrijf een mail naar mijn baas.",
        "Ik snap de tweede stap niet.",
        "Как удалить файл в Linux",
        "Напиши письмо моему начальнику.",
        "Я не понял второй шаг.",
        "Хорошо, попробую.",
        "Мне нужно резюме текста.",
        "Jak usunąć plik w Linuksie",
        "Napisz list do mojego szefa.",
        "Nie rozumiem drugiego kroku.",
        "Dobra, spróbuję.",
        "Excel'de iki sütunu nasıl birleştiririm",
        "Bana deniz hakkında bir şiir yaz.",
        "İkinci adımı anlamadım.",
        "Tamam, deneyeceğim.",
        "كيف أحذف ملفا في لينكس",
        "اكتب لي رسالة إلى مديري.",
        "لم أفهم الخطوة الثانية.",
        "حسنا، سأحاول.",
        "लिनक्स में फाइल कैसे हटाऊँ",
        "मुझे समुद्र पर एक कविता लिखकर दो।",
        "मुझे दूसरा चरण समझ नहीं आया।",
        "ठीक है, मैं कोशिश करूँगा।",
        "Excelで二つの列を結合するにはどうすればいいですか",
        "海についての詩を書いて。",
        "二番目の手順がよくわかりません。",
        "わかりました、やってみます。",
        "もう少し短くしてほしいです。",
        "明日の天気を教えて",
        "이 문장을 영어로 번역해줘",
        "두 번째 단계가 이해가 안 돼요.",
        "알겠어요, 해볼게요.",
        "리눅스에서 파일을 어떻게 삭제해요",
        "我想知道怎么删除文件",
        "给我写一首关于大海的诗",
        "我不太明白第二步",
        "好的，我试试",
        "请推荐几本关于历史的书",
        "这个方法太复杂了",
        "我需要一个简单的例子",
        "能不能再短一点",
        "你能解释一下量子力学吗",
        "帮我总结一下这篇文章",
        "我觉得你说得对",
        "谢谢，这对我很有帮助",
        "我还有一个问题",
        "那我应该怎么办",
        "我该如何提高英语口语水平",
        "介绍一下北京的景点",
    ],
)
def test_requests_questions_and_reactions_are_not(sentence: str) -> None:
    assert kept(sentence) == []


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("J'habite à Lyon, tu connais un bon resto ?", "J'habite à Lyon."),
        ("Soy celíaca, ¿qué puedo cenar?", "Soy celíaca."),
        ("Ich wohne in Ulm, kannst du mir ein Museum empfehlen?", "Ich wohne in Ulm."),
        ("我对花生过敏，有什么零食推荐吗？", "我对花生过敏。"),
        ("卵アレルギーがあります、おすすめのケーキは？", "卵アレルギーがあります。"),
    ],
)
def test_what_is_told_before_a_question_is_kept(sentence: str, told: str) -> None:
    assert kept(sentence) == [told]


@pytest.mark.parametrize(
    "piece",
    [
        "ich ",
        "yo no ",
        "j'ai ",
        "я не ",
        "أنا ",
        "मैं ",
        "저는 ",
        "私は",
        "我",
        "ben ",
        "wenn ich wäre ",
        "，",
        "si yo fuera ",
    ],
)
def test_the_work_grows_with_the_text_only(piece: str) -> None:
    # Quadratic work on this much text would take minutes, which the test's own limit ends.
    extract([Message("user", piece * 50_000), Message("assistant", piece * 50_000)])

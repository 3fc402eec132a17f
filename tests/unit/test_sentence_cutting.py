"""Where sentences end, in many languages."""

from __future__ import annotations

import pytest

from powermem._core.rules.sentences import split


@pytest.mark.parametrize(
    "sentences",
    [
        ["Ich habe am 3. Mai Geburtstag.", "Der 2. Weltkrieg endete 1945.", "Wir wohnen im 4. Stock."],
        ["Am Montag, den 12. Juni, ziehe ich um.", "Er ist 36.", "Ich bin 34."],
        ["I live at 221 Maple St. Apt. 4, Springfield.", "My zip is 12345."],
        ["Ich esse gern Obst, z. B. Äpfel.", "Dr. Huber arbeitet bzw. forscht in Graz."],
        ["La Sra. López vive en el núm. 5, p. ej. con su hija.", "Yo no."],
        ["She said no.", "Then she left.", "Use No. 5."],
        ["We meet at 5 a.m. on Monday.", "I rise at 6 a.m.", "Then I run."],
        ["I work for the U.S. Government.", "I live in the U.S.", "How about you?"],
        ["Python 3.10.2 is out.", "See foo.py. Mail a.b@c.de.", "Visit https://x.io/a.b?c=1."],
        ["J. R. R. Tolkien wrote it.", "Das ist von J. S. Bach."],
        ["¿Qué tal?", "¡Bien!", "Vivo en Lima."],
        ["¡Hola!", "¿Cómo estás?"],
        ["「卵が苦手です。」と言いました。", "元気です。"],
        ["我喜欢茶！", "你呢？", "好的。"],
        ["أنا أعيش في القاهرة.", "هل تعرفها؟", "نعم."],
        ["میں لاہور میں رہتا ہوں۔", "آپ کیسے ہیں؟"],
        ["मैं दिल्ली में रहता हूँ।", "मुझे चाय पसंद है।"],
        ["ผมชื่อนก", "ผมแพ้กุ้งครับ", "ทำงานที่เชียงใหม่"],
        ["so tired 😴", "my cat kept me up"],
        ["I got the job 🎉", "We are moving to Rome 😀", "Yay"],
        ["Il sig. Rossi abita in via Po n. 7.", "Lavora in banca."],
        ["M. Dupont habite au n° 5, av. Foch.", "Il est médecin."],
        ["O sr. Silva mora na R. Augusta, nº 12.", "Ele trabalha lá."],
        ["Dhr. Jansen woont o.a. in Utrecht.", "Hij werkt bijv. bij ING."],
        ["Mieszkam przy ul. Długiej 5, tj. w centrum.", "Pracuję w IT."],
        ["Я живу на ул. Ленина, д. 5.", "Работаю, т. е. учусь."],
        ["Bydlím v ul. Dlouhá č. 7.", "Mám např. psa."],
        ["He teaches science (He worked for 5 years.) at the University."],
        ["Jag bor på Storgatan, dvs. i Lund.", "Jag har t.ex. en hund."],
        ["Jeg er født 3. april.", "Jeg bor i 2. etage."],
        ["Olen syntynyt 5. toukokuuta.", "Asun Oulussa."],
        ["1905-ben, azaz május 3. napján születtem.", "Budapesten élek."],
        ["„Ich komme.“", "Das sagte er.", '"No!"', "He left."],
        ["I bought milk, eggs, etc. and went home.", "I like etc.", "Then more."],
        ["I use Node.js.", "It is fine.", "v2.1.", "Next"],
        ["i am 36.", "i live here.", "my dog is 3.", "he barks"],
        ["Vitamin C.", "I take it.", "Plan B.", "We left."],
        ["3. Mai ist mein Geburtstag"],
        ["I sat.", "Bob stood.", "The sun.", "Mon.", "Vivo cerca del mar.", "Tengo un perro."],
        ["Wow... really?", "Hm… ok.", "Well…", "Then."],
        ["I live in Washington, D.C.", "My job is fun."],
        ["Ana (mi hermana).", "Vive sola."],
        ["Elle est arrivée.", "C'est l'est.", "Tout est.", "Puis rien."],
    ],
)
def test_a_text_is_cut_between_its_sentences(sentences: list[str]) -> None:
    assert split(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("¡Hola!¿Cómo estás?", ["¡Hola!", "¿Cómo estás?"]),
        ("我喜欢茶！你呢？好的。对!我来了。", ["我喜欢茶！", "你呢？", "好的。", "对!", "我来了。"]),
        ("（开玩笑的。）我住在北京", ["（开玩笑的。）", "我住在北京"]),
        ("「卵が苦手です。」と言いました。元気です。", ["「卵が苦手です。」と言いました。", "元気です。"]),
        ("मैं ठीक हूँ।आप?", ["मैं ठीक हूँ।", "आप?"]),
        ("3. Mai ist mein Geburtstag\n1. Milch\n2) Brot", ["3. Mai ist mein Geburtstag", "Milch", "Brot"]),
    ],
)
def test_marks_without_spaces_and_lists(text: str, sentences: list[str]) -> None:
    assert split(text) == sentences


@pytest.mark.parametrize(
    "piece", ["z. ", "3. ", "a.b.", "😀 ", "ครับ ", "。」", "?!", "U.S. ", "т. ", "..\u2026", "¿?"]
)
def test_the_work_grows_with_the_text_only(piece: str) -> None:
    # Quadratic work on this much text would take minutes, which the test's own limit ends.
    split(piece * 100_000)

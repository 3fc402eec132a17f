"""Greek, Finnish and Hungarian."""

from __future__ import annotations

from .lexicon import Lexicon

GREEK = Lexicon(
    code="el",
    stop_words=("greek",),
    first=r"""
        \w{3,}(?:ουμε|άμε) | εγώ | εμένα | μου | με | μας | εμείς | (?:μένω|δουλεύω|έχω|είμαι|μου αρέσει
        |προτιμώ|θέλω|αγαπώ|μισώ|σπουδάζω|πίνω|τρώω|καπνίζω|μετακόμισα|αγόρασα|γεννήθηκα|παντρεύτηκα|ήμουν
        |πήγα|ξεκίνησα|λέγομαι|ονομάζομαι|χρειάζομαι|μένουμε|έχουμε|είμαστε)
    """,
    people=r"""
        μένει | δουλεύει | σπουδάζει | παντρεύεται | παντρεύτηκε | μετακόμισε | γεννήθηκε | πέθανε | αγόρασε
        | είναι (?:έγκυος|άρρωστ\w+|αλλεργικ\w+) | παραιτήθηκε
    """,
    continues=r"αυτός | αυτή | αυτοί | της αρέσ\w+ | του αρέσ\w+",
    question=r"""
        [;\u037e]\s*$ | ^(?:τι|ποιος|ποια|ποιο|πού|πότε|γιατί|πώς|πόσο|πόσα|μήπως)(?!\w) | αναρωτιέμαι
    """,
    command=r"""
        (?:παρακαλώ,? )?(?:πες|γράψε|εξήγησε|δείξε|δώσε|βοήθησε|κάνε|βρες|μετάφρασε|σύγκρινε|πρότεινε|κλείσε
        |στείλε|φαντάσου|διόρθωσε|περίμενε) | παρακαλώ | χρειάζομαι βοήθεια | (?:μπορείς|μπορείτε)
    """,
    talk=r"""
        δεν (?:καταλαβαίνω|κατάλαβα) | θα (?:προσπαθήσω|δοκιμάσω) | γεια | καλημέρα | καλησπέρα | καληνύχτα
        | ευχαριστώ | αντίο | συγχαρητήρια | (?:ναι|όχι|οκ|εντάξει|ωραία|τέλεια|σωστά|βέβαια)\W*$
        | (?:καταλαβαίνω|ξέρω|δεν ξέρω|συμφωνώ|ελπίζω|λυπάμαι|χαίρομαι) | αυτό είναι | καλή τύχη
    """,
    unreal=r"""
        (?:αν|εάν) (?:ήμουν|είχα|κέρδιζα|μπορούσα|ζούσα) .* | μακάρι | ας υποθέσουμε | φαντάσου
        | θα (?:ήθελα να ήμουν|αγόραζα)
    """,
    joke=r"αστειεύομαι | πλάκα κάνω | πλάκα έκανα | αστείο ήταν",
    opener=r"""
        (?:ναι|όχι|αχ|οκ|εντάξει|γεια|ευχαριστώ|ωραία|λοιπόν|δυστυχώς)(?=\s*[,.!:\u2026-])
        | (?:παρεμπιπτόντως|και|αλλά|βασικά)(?=[\s,:])
    """,
    correction=r"""
        (?:όχι|συγγνώμη|περίμενε|λάθος)[,:!. ]+(?:(?:όχι|λάθος|έκανα λάθος|εννοώ|εννοούσα
        |περίμενε)[,:!. ]+)+ | (?:διόρθωση|έκανα λάθος|εννοούσα)
    """,
    remember=r"(?:παρακαλώ )?(?:θυμήσου|να θυμάσαι|μην ξεχάσεις|σημείωσε)(?: ότι| πως)?",
    instruction=r"""
        (?:από εδώ και πέρα|από τώρα και στο εξής|στο μέλλον) | (?:παρακαλώ )?(?:απάντα|να απαντάς|γράφε
        |μίλα|να μιλάς) (?:\S+ ){0,3}?(?:πάντα|μόνο|στα|σύντομα|χωρίς) | να με φωνάζεις | λέγε με | πάντα να
    """,
    deed=r"""
        (?:έκλεισα|ακύρωσα|παρήγγειλα|έστειλα|προγραμμάτισα|δημιούργησα|διόρθωσα|πλήρωσα|πρόσθεσα
        |ενημέρωσα) .* | (?:η παραγγελία|η πτήση|το ραντεβού|η κράτηση|το δέμα|το εισιτήριο) σ(?:ας
        |ου) .{0,60}
    """,
    paste=r"(?:παρακαλώ )?(?:μετάφρασε|διόρθωσε|κάνε περίληψη)(?!\w)[^:]{0,80}:",
    identity=r"""
        με λένε | λέγομαι | ονομάζομαι | το όνομά μου | μένω | δουλεύω | είμαι (?:\d+|από) | γεννήθηκα
        | τα γενέθλιά μου
    """,
    plan=r"θα \w+ | σκοπεύω | σχεδιάζω | θέλω να | αύριο | μεθαύριο | επόμεν\w+ | ραντεβού",
    preference=r"""
        αρέσει | αρέσουν | λατρεύω | αγαπώ | μισώ | προτιμώ | αγαπημέν\w+ | αλλεργ\w+ | χορτοφάγος | βίγκαν
        | δεν (?:τρώω|πίνω|καπνίζω)
    """,
    relationship=r"""
        (?:γυναίκα|άντρας|σύζυγος|μητέρα|μαμά|πατέρας|μπαμπάς|αδερφή|αδελφή|αδερφός|αδελφός|γιος|κόρη|παιδιά
        |γιαγιά|παππούς|φίλος|φίλη|σκύλος|γάτα|αφεντικό) μου
    """,
    event=r"χθες | χτες | προχθές | σήμερα | περασμέν\w+ | πριν | μετακόμισα | αγόρασα",
)  # fmt: skip

FINNISH = Lexicon(
    code="fi",
    stop_words=("finnish",),
    first=r"""
        \w{3,}mme | minä | mä | minun | minua | minulla | minulle | minut | mun | mulla | me | meidän
        | meillä | meitä | olen | en | asun | työskentelen | opiskelen | rakastan | vihaan | pidän | haluan
        | tykkään | muutin | ostin | synnyin | kävin | aloitin | lopetin | juon | syön | \w{3,}ni
    """,
    people=r"""
        asuu | työskentelee | opiskelee | menee naimisiin | meni naimisiin | muutti | muuttaa | syntyi
        | kuoli | osti | rakastaa | vihaa | on (?:raskaana|sairas|allerginen|naimisissa)
    """,
    continues=r"hän | he | hänen | hänellä | se",
    question=r"""
        ^(?:mikä|mitä|kuka|missä|milloin|miksi|miten|kuinka|montako|onko|voitko|voisitko|tiedätkö|haluatko
        |mihin|mistä)(?!\w) | ^\w+(?:ko|kö)(?!\w) | mietin,? (?:että )?(?:mi|on)\w+
    """,
    command=r"""
        (?:ole hyvä ja |voisitko )?(?:kerro|kirjoita|selitä|näytä|anna|auta|tee|etsi|käännä|tiivistä|vertaa
        |laske|suosittele|ehdota|varaa|lähetä|kuvittele|korjaa|odota) | tarvitsen apua
    """,
    talk=r"""
        en (?:ymmärrä|ymmärtänyt|tajua) | (?:minä )?kokeilen | yritän | hei | moi | terve | huomenta
        | hyvää (?:huomenta|päivää|iltaa|yötä) | kiitos | kiitti | näkemiin | onnea | onneksi olkoon
        | (?:joo|kyllä|ei|ok|hyvä|selvä|juuri niin|mahtavaa|totta|haha\w*)\W*$ | (?:ymmärrän|tiedän|en tiedä
        |olen samaa mieltä|toivon) | se on
    """,
    unreal=r"""
        (?:jos|kunpa) .*(?:isin|isimme|isi).* | kuvittele | oletetaan | \w+isinpa | toivoisin että olisin
    """,
    joke=r"vitsi | vitsailin | vitsailen | leikilläni | läppä",
    opener=r"""
        (?:joo|kyllä|ei|oi|ah|ok|hei|moi|kiitos|selvä|totta|no|haha\w*|valitettavasti)(?=\s*[,.!:;\u2026-])
        | (?:muuten|ja|mutta|siis|itse asiassa)(?=[\s,:])
    """,
    correction=r"""
        (?:ei|eiku|anteeksi|hetkinen|odota|väärin)[,:!. ]+(?:(?:ei|eiku|väärin|tarkoitin|erehdyin
        |muistin väärin|odota)[,:!. ]+)+ | (?:korjaus|tarkoitin|erehdyin|eiku)
    """,
    remember=r"(?:ole hyvä ja )?(?:muista|älä unohda|kirjaa ylös|tiedoksi)(?:,? että)?",
    instruction=r"""
        (?:tästä lähtien|jatkossa|tästä eteenpäin) | (?:vastaa|kirjoita|puhu
        |käytä)(?: minulle)? (?:\S+ ){0,3}?(?:aina|vain|suomeksi|englanniksi|lyhyesti|ilman) | kutsu minua
        | älä (?:käytä|koskaan)
    """,
    deed=r"""
        (?:varasin|peruin|tilasin|lähetin|loin|korjasin|maksoin|lisäsin|päivitin|siirsin|olen (?:varannut
        |perunut|tilannut|lähettänyt|lisännyt|päivittänyt)) .* | (?:tilauksesi|lentosi|varauksesi|aikasi
        |pakettisi|lippusi) .{0,60}
    """,
    paste=r"(?:käännä|tiivistä|korjaa)(?!\w)[^:]{0,80}:",
    identity=r"""
        nimeni | minun nimeni | asun | työskentelen | opiskelen | synnyin | olen (?:\d+|kotoisin)
        | syntymäpäiväni
    """,
    plan=r"""
        aion | haluan | haluaisin | huomenna | ylihuomenna | ensi \w+ | \w+ päästä | suunnittelen
    """,
    preference=r"""
        pidän | tykkään | rakastan | vihaan | en pidä | lempi\w+ | suosikki\w+ | allergi\w+ | vegaani
        | kasvissyöjä | en (?:syö|juo|polta)
    """,
    relationship=r"""
        (?:vaimoni|mieheni|äitini|isäni|siskoni|veljeni|poikani|tyttäreni|lapseni|mummoni|ukkini|pomoni
        |ystäväni|koirani|kissani) | naimisissa | eronnut | sinkku
    """,
    event=r"eilen | toissapäivänä | tänään | viime \w+ | sitten | muutin | ostin",
)  # fmt: skip

HUNGARIAN = Lexicon(
    code="hu",
    stop_words=("hungarian",),
    first=r"""
        \w{3,}(?:unk|ünk) | én | nekem | engem | velem | nálam | az én | mi | minket | nekünk | vagyok
        | lakom | élek | dolgozom | tanulok | szeretek | szeretem | utálok | utálom | van egy \w+[aeoö]m
        | akarok | szeretnék | költöztem | vettem | születtem | voltam | kezdtem | iszom | eszem
        | \w{3,}(?:tam|tem|ttam|ttem) | a(?:z)? \w{2,}(?:om|em|öm|am|ám|ém|im)
    """,
    people=r"""
        lakik | dolgozik | tanul | férjhez megy | megnősül | megházasodott | elköltözött | született
        | meghalt | vett | szereti | utálja | terhes | beteg | allergiás
    """,
    continues=r"ő | ők | neki | nekik",
    question=r"""
        ^(?:ki|mi(?! \w+unk)|mit|hol|hová|honnan|mikor|miért|hogyan|hogy (?:van|kell|lehet)|melyik|mennyi
        |hány|milyen)(?!\w) | ^(?:tudsz|tudod|tudnál|meg tudnád|van)(?!\w) | kíváncsi vagyok
    """,
    command=r"""
        (?:kérlek,? |légy szíves,? )?(?:mondd|írj|írd|magyarázd|mutasd|adj|segíts|csinálj|keress|fordítsd
        |foglald össze|hasonlítsd|számold|ajánlj|foglalj|küldj|képzeld|javítsd|várj) | kérlek
        | segítségre van szükségem | lenne egy kérdésem
    """,
    talk=r"""
        nem (?:értem|értettem) | megpróbálom | kipróbálom | szia | helló | jó (?:reggelt|napot|estét
        |éjszakát) | köszönöm | köszi | viszlát | gratulálok | szívesen | (?:igen|nem|oké|ok|jó|rendben
        |szuper|pontosan|persze|haha\w*)\W*$ | (?:értem|tudom|nem tudom|egyetértek|remélem|sajnálom)
        | ez (?:jó|szuper|nagyszerű)
    """,
    unreal=r"""
        ha .*(?:lennék|volnék|lenne|nyernék|tudnék|lehetnék|élnék|volna).* | bárcsak | képzeljük
        | tegyük fel | képzeld el
    """,
    joke=r"vicceltem | viccelek | csak vicc | vicc volt",
    opener=r"""
        (?:igen|nem|ó|ah|oké|ok|szia|köszönöm|pontosan|persze|jó|hát|haha\w*|sajnos)(?=\s*[,.!:;\u2026-])
        | (?:egyébként|amúgy|és|de|tulajdonképpen)(?=[\s,:])
    """,
    correction=r"""
        (?:nem|bocsánat|bocs|várj|rossz)[,:!. ]+(?:(?:nem|várj|rosszul mondtam|tévedtem|úgy értem
        |elrontottam|mármint)[,:!. ]+)+ | (?:helyesbítés|tévedtem|rosszul mondtam|úgy értem|mármint)
    """,
    remember=r"(?:kérlek,? )?(?:jegyezd meg|ne felejtsd el|emlékezz rá|írd fel)(?:,? hogy)?",
    instruction=r"""
        (?:mostantól|ezentúl|a jövőben) | (?:kérlek,? )?(?:mindig|csak|soha ne) (?:\S+ ){0,3}(?:válaszolj
        |írj|beszélj|használj) | (?:kérlek,? )?(?:válaszolj|írj|beszélj) (?:\S+ ){0,3}?(?:mindig|csak
        |magyarul|angolul|röviden) | hívj \w+nak | hívj \w+nek | ne használj
    """,
    deed=r"""
        (?:lefoglaltam|lemondtam|megrendeltem|elküldtem|beütemeztem|létrehoztam|kijavítottam|kifizettem
        |hozzáadtam|frissítettem|áthelyeztem) .* | a (?:rendelésed|járatod|foglalásod|időpontod|csomagod
        |jegyed|rendelése|foglalása) .{0,60}
    """,
    paste=r"(?:kérlek,? )?(?:fordítsd|foglald össze|javítsd)(?!\w)[^:]{0,80}:",
    identity=r"""
        a nevem | hívnak | lakom | dolgozom | születtem | \d+ éves vagyok | a születésnapom | foglalkozásom
    """,
    plan=r"fogok | szeretnék | tervezem | tervezek | holnap | holnapután | jövő \w+ | múlva",
    preference=r"""
        szeretem | szeretek | nem szeretem | utálom | imádom | kedvenc\w* | allergiás | allergia | vegán
        | vegetáriánus | nem (?:eszem|iszom|dohányzom)
    """,
    relationship=r"""
        (?:feleségem|férjem|anyám|anyukám|apám|apukám|nővérem|húgom|bátyám|öcsém|fiam|lányom|gyerekeim
        |nagymamám|főnököm|barátom|barátnőm|kutyám|macskám) | házas | elvált
    """,
    event=r"tegnap | tegnapelőtt | ma | múlt \w+ | ezelőtt | \w{3,}(?:tam|tem)",
)  # fmt: skip

"""German, Dutch and the Scandinavian languages."""

from __future__ import annotations

from .lexicon import Lexicon

_GERMAN_DONE = (
    "(?:gebucht|reserviert|bestellt|storniert|verschoben|geschickt|gesendet|verschickt|versandt|eingetragen"
    "|erstellt|angelegt|behoben|repariert|aktualisiert|überwiesen|bezahlt|registriert|angemeldet|hinzugefügt"
    "|gelöscht|erstattet|verlängert|vereinbart|geändert|notiert|gespeichert|gekündigt|abgeschickt|umgebucht)"
)
GERMAN = Lexicon(
    code="de",
    stop_words=("german",),
    first=r"""
        ich | mich | mir | meine?[nmrs]? | wir | uns | unser\w* | bei mir | ^(?:bin|hab|habe|wohne|arbeite
        |komme|heiße|mag|esse|trinke|lebe|war gestern|hatte|fahre|ziehe|studiere|lerne|suche|brauche|nutze
        |verwende|spiele|liebe|hasse)
    """,
    people=r"""
        wohnt | arbeitet | lebt | heißt | studiert | heiratet | zieht | mag | liebt | hasst | isst | trinkt
        | spielt | kündigt | hat (?:\S+ ){0,6}(?:geheiratet|gekündigt|bekommen|gekauft|verlobt|gewonnen
        |bestanden|angefangen|geboren|gegessen|abgeschlossen) | ist (?:\S+ ){0,5}(?:schwanger|krank
        |allergisch|umgezogen|gezogen|verheiratet|verlobt|gestorben|geschieden|vegetarier\w*|jahre alt)
        | wird (?:\S+ ){0,3}\d+ | geburtstag | leitet | verlobt | allergisch | kommt (?:aus|nächste\w*)
        | fängt
    """,
    continues=r"er | sie | es | ihr\w* | sein\w* | ihm | ihnen | der | die (?:ist|hat|wohnt|arbeitet)",
    question=r"""
        ^(?:wer|wie (?!gesagt)|wo(?:her|hin|mit|für|rum|von|zu)?|wann|warum|wieso|weshalb|welche[nmrs]?|wem
        |wen|wessen|was (?!ich|mich|mir))\b | ^(?:hast|bist|kannst|könntest|weißt|magst|willst|möchtest
        |würdest|hattest|warst) | ^gibt(?:'s| es) | ^(?:können|könnten|haben|sind|wissen|würden) sie
        | ^(?:kann|darf|soll|sollte|muss|könnte) (?:ich|man) | ^ist (?:es|das|der|die) | \bich (?:frage mich
        |wollte (?:nur |mal )?fragen|würde gerne? wissen|möchte (?:gerne? )?wissen)\b | \bob du\b
    """,
    command=r"""
        ich (?:brauche|suche|möchte|will|hätte gerne?|benötige) (?:\S+ ){0,3}?(?:idee\w*|beispiel\w*
        |zusammenfassung|text|tipps?|rat|vorschl\w+|rezept\w*|liste|gedicht|erklärung|übersetzung|anleitung
        |empfehlung\w*|hilfe|info\w*|brief|code|skript) | (?:bitte )?(?:storniere?|lösch\w*|verschieb\w*
        |ändere?|füge|öffne|starte|kauf|ruf|trag|organisiere?|bereite|reservier\w*) | (?:bitte )?(?:sag
        |sagen sie|erzähl\w*|schreib\w*|erklär\w*|zeig\w*|gib|geben sie|hilf|helfen sie|mach|machen sie|such
        |finde|übersetz\w*|fass\w*|liste|nenn\w*|schau\w*|überprüf\w*|prüf\w*|berechne\w*|erstell\w*
        |lass uns|stell dir|empfiehl|korrigier\w*|buch|buche|bestell\w*|schick\w*|vergleich\w*|beschreib\w*
        |plane mir|erinner\w*|vergiss es|lies|hör|warte|denk|komm|rechne)
        | ich brauche (?:deine |ihre |eure )?(?:hilfe|einen rat|tipps?) | ich möchte,? dass (?:du|sie)
        | ich (?:will|hätte gerne?|möchte) (?:wissen|eine frage) | (?:ich )?hab(?:e)? (?:da )?(?:eine
        |mal eine) frage | (?:kannst|könntest) du | bitte | du (?:solltest|kannst|musst) | man (?:sollte
        |kann|muss)
    """,
    talk=r"""
        (?:ich )?habe? (?:noch |da |mal |nur |auch )*(?:eine|ein paar|zwei) (?:\S+ )?fragen? | ich (?:glaube
        |denke|finde),? (?:das|dass|du|es|die antwort) | ich (?:kapiere|versuche? (?:es|das|mal)|probiere?)
        | hallo | guten? (?:tag|morgen|abend|nacht) | danke\w* | vielen dank | tschüss | bis (?:bald|dann
        |später) | herzlichen glückwunsch | viel (?:glück|spaß|erfolg) | gute besserung | alles (?:klar
        |gute) | gern geschehen | ich (?:verstehe|weiß|stimme|glaube (?:dir|schon|nicht)|denke (?:schon
        |auch)|danke|auch|meine (?:ja|nur)|freue? mich (?:für|von|auf deine|darauf|sehr für)|hoffe|wünsche
        |drück\w*|sehe (?:schon|das)|finde (?:das|es)|wünsch|nehme an|schätze|frage) | das (?:ist|klingt|war
        |wäre|stimmt|glaube|finde|freut|hilft|tut) | schön,? dass | freut mich | tut mir leid
        | (?:na )?(?:klar|gut|super|toll|prima|genau|richtig|stimmt|okay|ok|ja|nein|boah|wow|haha|cool|danke
        |gerne?)\W*$ | mal (?:sehen|schauen) | keine ahnung | mir geht(?:'s| es) | wie schön
        | was für ein\w* | kein problem | macht nichts
    """,
    unreal=r"""
        (?:wenn|falls) (?:ich|wir|mein\w*) .*\b(?:wäre\w*|hätte\w*|könnte\w*|würde\w*|gewänne|müsste\w*
        |dürfte\w*) | ^(?:hätte|wäre|könnte|würde) (?:ich|wir) | ich (?:wünschte|würde(?! gerne?\b)|wäre
        |hätte(?! gerne?\b)) | angenommen | nehmen wir an | stell(?:en)? (?:dir|sie sich|euch) vor
        | gesetzt den fall | hypothetisch | mal angenommen | wenn ich (?:im lotto|mal reich)
    """,
    joke=r"""
        (?:nur|war|kleiner|bloß) (?:nur |doch nur )?(?:ein )?(?:scherz|spaß|witz) | ^(?:scherz|spaß
        |witz)\W*$ | mach(?:e|te)? nur (?:spaß|witze) | nicht ernst gemeint | scherz beiseite | verarscht
    """,
    opener=r"""
        (?:ja|nein|nee|ach|ach so|ach ja|oh|na|okay|ok|hallo|hi|hey|danke|vielen dank|danke schön|genau
        |stimmt|super|toll|tja|hm+|klar|wow|boah|doch|gut|naja|na ja|cool|schön|gern|gerne|guten (?:tag
        |morgen|abend)|prima|richtig|alles klar|leider|und du)(?=\s*[,.!:;\u2014\u2013\u2026-])
        | (?:übrigens|also|und|aber|ehrlich gesagt|außerdem|ach|oh|jedenfalls|genauer gesagt)(?=[\s,:])
    """,
    correction=r"""
        (?:(?:ach|oh|äh|ups)[,!]? )?(?:nein|nee|ne|quatsch|falsch|korrektur|sorry|entschuldigung|moment|halt
        |stopp|warte|verzeihung|stimmt nicht)[,:!.\u2014\u2013 -]+(?:(?:nein|nee|moment|halt|warte|falsch
        |quatsch|korrektur|sorry|stimmt nicht|ich meine?|das war falsch|das stimmt nicht
        |ich habe mich (?:geirrt|vertan|versprochen))[,:!.\u2014\u2013 -]+)+ | (?:korrektur|quatsch|falsch
        |moment|ich meinte|ich habe mich (?:geirrt|vertan|verschrieben)|das war falsch
        |das stimmt nicht mehr)
    """,
    remember=r"""
        (?:bitte )?(?:merk(?:e|en sie)? (?:dir|sich|euch)|behalte|notier\w*(?: dir)?|denk(?:e)? (?:daran
        |dran)|vergiss nicht|nicht vergessen|zur info|fürs protokoll)(?:,? dass)?
    """,
    instruction=r"""
        (?:ab (?:jetzt|sofort|heute)|von nun an|in zukunft|künftig|zukünftig) | (?:bitte )?(?:antwort\w*
        |schreib\w*|sprich|sprechen sie|rede|formulier\w*|erklär\w*|nenn\w*|sag|duz\w*|siez\w*|verwende\w*
        |benutz\w*|nutze|gib|halte)(?:(?: sie)? mich| mir)?(?: bitte)?(?: sie)? (?:\S+ ){0,3}?(?:immer|nur
        |stets|grundsätzlich|nie|niemals|keine\w*|auf deutsch|auf englisch|in|kurz\w*|knapp\w*
        |ausführlich\w*|beim?|du|ohne|höflich\w*|einfach\w*|per) | (?:bitte )?(?:immer|nie|niemals|nur
        |stets) (?:\S+ ){0,4}(?:antworten|schreiben|sprechen|verwenden|benutzen|nennen|duzen|siezen
        |erklären) | (?:bitte )?(?:duz|siez)\w* | (?:bitte )?nenn\w* mich | (?:bitte )?keine (?:emojis
        |abkürzungen|anglizismen|floskeln|fachbegriffe) | ich (?:möchte|will|hätte gern),? dass du (?:immer
        |nie|künftig|mir)
    """,
    deed=rf"""
        (?:ich|wir) (?:habe|haben) .{{0,90}}\b{_GERMAN_DONE} | habe? .{{0,90}}\b{_GERMAN_DONE}\W*$ | (?:ist
        |wurde|sind|wurden) .{{0,60}}\b{_GERMAN_DONE} | (?:ihre?|dein\w*|ihren) (?:\S+ )?(?:bestellung|flug
        |termin|buchung|reservierung|paket|rückerstattung|konto|ticket|lieferung|sendung|zug|vertrag
        |kundennummer|antrag|zahlung|rechnung|tisch|zimmer|blutwert|wert|guthaben|tarif) .{{0,40}}\b(?:ist
        |sind|war|wurde|wird|hat|kommt|geht|lautet|beträgt|läuft) | erledigt: .*
    """,
    paste=r"""
        (?:bitte )?(?:(?:kannst|könntest) du )?(?:(?:mir |bitte |mal )*)(?:übersetz\w*|fass\w*|korrigier\w*
        |formulier\w*|verbesser\w*|analysier\w*|überarbeit\w*|kürz\w*|prüf\w*|umschreib\w*
        |schreib\w*)[^:]{0,80}:
    """,
    identity=r"""
        ich (?:heiße|bin \d+|wohne|lebe|arbeite|studiere|komme aus|stamme aus|bin (?:ein(?:e)? )?\w+(?:er
        |erin|in|arzt|ärztin|ist|istin)) | mein(?:e)? (?:name|geburtstag|beruf|adresse|telefonnummer|nummer
        |alter|e-mail\w*|muttersprache|spitzname|bestellnummer|kundennummer)
        | ich bin (?:in \w+ )?(?:geboren|aufgewachsen) | von beruf | wohne in | arbeite (?:als|bei|in)
    """,
    plan=r"""
        (?:ich|wir) (?:werde|werden|will|wollen|möchte|möchten|plane|planen|habe vor|würde gerne?) | vorhabe
        | geplant | morgen | übermorgen | nächste[nrms]? (?:woche|monat|jahr|\w+tag|sommer|winter|frühling
        |herbst) | termin | in \w+ (?:tagen|wochen|monaten)
    """,
    preference=r"""
        mag | mögen | liebe | lieben | liebt | hasse | hassen | bevorzuge | lieber | am liebsten
        | lieblings\w+ | allergi\w+ | vegan\w* | vegetari\w+ | vertrage | unverträglich\w* | schmeckt | gern
        | gerne | trinke | esse (?:kein\w*|nie|gern|nicht) | ekel\w* | interessiere mich | keinen? (?:kaffee
        |alkohol|fleisch|fisch)
    """,
    relationship=r"""
        (?:meine?[nmrs]?|unsere?[nmrs]?) (?:\w+ )?(?:frau|mann|freund(?:in)?|mutter|vater|eltern|schwester
        |bruder|geschwister|sohn|tochter|kind(?:er)?|oma|opa|onkel|tante|cousin\w*|chef(?:in)?|kolleg\w+
        |partner(?:in)?|verlobte[rn]?|nachbar\w*|hund|katze|kater|schwager|schwägerin|enkel\w*|neffe|nichte
        |mama|papa) | verheiratet | geschieden | single | ledig | verlobt
    """,
    event=r"""
        gestern | vorgestern | heute | letzte[nrms]? \w+ | vor \w+ (?:tagen?|wochen?|monaten?|jahren?)
        | seit \w+ | neulich | kürzlich | (?:habe|bin|haben|sind|hat|ist) .{0,90}\b(?:ge\w{2,}(?:t|en)
        |\w+iert) | wurde | war
    """,
)  # fmt: skip

DUTCH = Lexicon(
    code="nl",
    stop_words=("dutch",),
    first=r"""
        ik | ikzelf | mij | mijn | m'n | wij | ons | onze | me | we | ^(?:ben|heb|woon|werk|heet|hou|eet
        |drink|zit|studeer|kom|ga|wil|vind)
    """,
    people=r"""
        woont | werkt | heet | studeert | trouwt | verhuist | houdt van | haat | eet | drinkt | speelt
        | is (?:\S+ ){0,4}(?:getrouwd|zwanger|ziek|verhuisd|allergisch|verloofd|overleden|gescheiden|jarig
        |jaar|geworden) | heeft (?:\S+ ){0,5}(?:gekocht|gekregen|ontslag|gewonnen) | komt uit | verloofd
        | verjaardag
    """,
    continues=r"hij | zij | ze | het | haar | zijn | hun",
    question=r"""
        ^(?:wie|wat (?!ik)|waar(?:om|heen|voor|mee|van)?|wanneer|hoe|welke?|hoeveel) | ^(?:heb|ben|kun|kan
        |weet|wil|zou|ga|mag) (?:je|jij|u|jullie|ik)\b | ^is (?:het|er|dat|dit|de) | \bik vraag me af\b
        | \bik wil(?:de)? (?:graag )?(?:weten|vragen)\b
    """,
    command=r"""
        ik (?:wil|zoek|heb|wil graag) (?:\S+ ){0,3}?(?:weten|begrijpen|voorbeeld\w*|samenvatting|tekst
        |idee\w*|tips?|advies|recept|lijst|gedicht|uitleg|vertaling|hulp|brief|code) ?(?:nodig)?
        | (?:annuleer|verander|verplaats|verwijder|voeg|koop|bel|open|herinner)
        | (?:alsjeblieft |graag )?(?:vertel|schrijf|leg|geef|help|maak|zoek|vertaal|vat|laat|toon|noem|kijk
        |controleer|bereken|stel je|stuur|boek|bestel|vergelijk|beschrijf|wacht|corrigeer|lees|denk)
        | (?:kun|kan|zou) (?:je|jij|u) | ik heb (?:een vraag|hulp nodig|je hulp) | alsjeblieft | je (?:moet
        |kunt|kan) | ik wil dat je(?! altijd| nooit)
    """,
    talk=r"""
        ik (?:snap|begrijp) | ik zal het proberen | ik ga het proberen | ik heb (?:nog )?(?:een|wat) vra\w+
        | hallo | hoi | goede(?:morgen|middag|avond|nacht|ndag) | dank\w* | bedankt | doei | tot (?:ziens
        |straks|later) | gefeliciteerd | ik (?:snap|begrijp|weet|denk (?:het|van|ook)|hoop|vind (?:het|dat)
        |ook|ben (?:het (?:mee )?eens|blij voor)) | dat (?:is|klinkt|klopt|vind|lijkt) | (?:ja|nee|oké|ok
        |prima|leuk|mooi|top|klopt|precies|inderdaad|haha|wow|goed|graag)\W*$ | geen (?:idee|probleem)
        | wat (?:leuk|een) | veel (?:succes|plezier) | sterkte | beterschap | het spijt me | graag gedaan
    """,
    unreal=r"""
        als (?:ik|we|wij|mijn \w+) .*\b(?:zou\w*|was|had|won|waren|hadden|kon)\b.* | ik zou(?! graag\b)
        | had ik maar | was ik maar | ik wou dat | stel (?:je voor|dat) | stel,? | hypothetisch
    """,
    joke=r"grapje | geintje | ik maak maar een grap\w* | was maar een grap\w* | niet serieus",
    opener=r"""
        (?:ja|nee|oh|oké|ok|hallo|hoi|hey|dank je(?: wel)?|bedankt|klopt|leuk|precies|tja|hm+|wow|goed|prima
        |nou|top|inderdaad)(?=\s*[,.!:;\u2014\u2013\u2026-]) | (?:trouwens|dus|en|maar|eigenlijk|overigens
        |nou)(?=[\s,:])
    """,
    correction=r"""
        (?:nee|sorry|wacht|fout|pardon|oeps|correctie)[,:!.\u2014\u2013 -]+(?:(?:nee|wacht|sorry|fout
        |ik bedoel(?:de)?|dat klopt niet|ik vergis me|toch niet)[,:!.\u2014\u2013 -]+)+ | (?:correctie
        |wacht even|ik bedoelde|ik vergiste me|dat klopt niet)
    """,
    remember=r"""
        (?:alsjeblieft )?(?:onthoud|vergeet niet|noteer|denk eraan|ter info)(?: alsjeblieft)?(?:,? dat)?
    """,
    instruction=r"""
        (?:vanaf nu|voortaan|in het vervolg) | (?:alsjeblieft |graag )?(?:antwoord|schrijf|spreek|praat
        |gebruik|noem|leg|hou)(?: me| mij)?(?: alsjeblieft| graag)? (?:\S+ ){0,3}?(?:altijd|alleen|nooit
        |geen|kort|beknopt|in het|bij|eenvoudig\w*|uitgebreid) | noem me | (?:gebruik )?geen (?:emoji\w*
        |afkortingen) | (?:altijd|nooit) (?:\S+ ){0,3}(?:antwoorden|gebruiken|schrijven)
        | ik wil dat je (?:altijd|nooit)
    """,
    deed=r"""
        (?:ik heb|heb|we hebben|is|zijn|werd) .{0,90}\b(?:geboekt|gereserveerd|besteld|geannuleerd|verzet
        |verstuurd|gestuurd|aangemaakt|opgelost|gerepareerd|toegevoegd|betaald|terugbetaald|bijgewerkt
        |ingepland|geregistreerd|verwijderd|genoteerd|verplaatst) | (?:je|uw|jouw) (?:\S+ )?(?:bestelling
        |vlucht|afspraak|boeking|reservering|pakket|rekening|ticket|levering|abonnement
        |tafel) .{0,30}\b(?:is|zijn|was|wordt|werd|komt|vertrekt)
    """,
    paste=r"""
        (?:alsjeblieft )?(?:(?:kun|kan) je )?(?:\S+ ){0,4}?(?:vertaal|vertalen|vat|samenvatten|corrigeer
        |verbeter|herschrijf|controleer)\b[^:]{0,80}:
    """,
    identity=r"""
        ik (?:heet|woon|werk|studeer|kom uit|ben \d+|ben (?:een )?\w+(?:er|ster|ist|arts|kundige|leraar))
        | mijn (?:naam|verjaardag|beroep|adres|telefoonnummer|nummer|leeftijd|e-mail\w*|bestelnummer)
        | geboren | opgegroeid | van beroep
    """,
    plan=r"""
        (?:ik|we) (?:ga|gaan|wil|willen|zal|zullen|zou graag|ben van plan) | morgen | overmorgen
        | volgende? \w+ | van plan | afspraak | over \w+ (?:dagen|weken|maanden)
    """,
    preference=r"""
        hou van | houd van | houdt van | haat | liever | lust | allergi\w+ | vegan\w* | vegetari\w+
        | lievelings\w+ | favoriete | graag | vind .{0,40}(?:lekker|leuk|vreselijk|vies) | drink geen
        | eet geen
    """,
    relationship=r"""
        (?:mijn|onze|ons) (?:\w+ )?(?:vrouw|man|vriend(?:in)?|moeder|vader|ouders|zus|broer|zoon|dochter
        |kind(?:eren)?|oma|opa|oom|tante|neef|nicht|baas|collega\w*|partner|verloofde|hond|kat|poes|buur\w*)
        | getrouwd | gescheiden | vrijgezel
    """,
    event=r"""
        gisteren | eergisteren | vandaag | vorige? \w+ | afgelopen \w+ | geleden | sinds \w+ | onlangs
        | (?:heb|ben|hebben|zijn|heeft|is) .{0,90}\b(?:ge\w{2,}|ver\w{3,}) | was | werd
    """,
)  # fmt: skip

SCANDINAVIAN = Lexicon(
    code="sv",
    stop_words=("swedish", "danish", "norwegian"),
    first=r"""
        jag | jeg | mig | meg | min | mitt | mit | mina | mine | vi | oss | os | vår | våra | våre | vores
        | vårt | ^(?:bor|jobbar|jobber|arbejder|arbetar|heter|hedder|gillar|elsker|älskar|har|är|er)
    """,
    people=r"""
        bor | jobbar | jobber | arbetar | arbejder | heter | hedder | studerar | studerer | gifter | flyttar
        | flytter | gillar | älskar | elsker | hatar | hader | hater | fyller | fylder
        | har (?:\S+ ){0,4}(?:köpt|fått|fået|kjøpt|købt|gift|sagt upp) | är (?:\S+ ){0,3}(?:gravid|sjuk
        |allergisk|gift|förlovad) | er (?:\S+ ){0,3}(?:gravid|syk|syg|allergisk|gift|forlovet)
    """,
    continues=r"han | hon | hun | den | det | hans | hennes | hendes | de",
    question=r"""
        ^(?:vad|vem|var|när|varför|hur|vilken|vilket|vilka|hvad|hva|hvem|hvor\w*|hvornår|hvordan|hvilke\w*
        |når) | ^(?:har|är|kan|vill|ska|skulle|vet|er|vil|skal|ved) (?:du|det|ni|jag|jeg|man)\b | \b(?:jag
        |jeg) (?:undrar|undrer|lurer)\b
    """,
    command=r"""
        (?:snälla |vær så snill |vær venlig )?(?:berätta|skriv|förklara|visa|ge|hjälp|gör|sök|översätt
        |sammanfatta|lista|kolla|boka|fortæl|forklar|vis|giv|hjælp|hjelp|lav|lag|søg|søk|oversæt|oversett
        |opsummer|fortell|gi|bestill|bestil|vent|vänta|tänk dig|forestil dig|räkna|beregn) | (?:kan|kunde
        |kunne) (?:du|ni) | (?:jag|jeg) behöver hjälp | jeg (?:har brug for|trenger) hj\w+ | du (?:bør|borde
        |kan|ska|skal)
    """,
    talk=r"""
        (?:jag|jeg) (?:förstår|forstår) (?:inte|ikke) | (?:jag|jeg) (?:ska|skal) (?:försöka|prøve|prova)
        | (?:jag|jeg) har (?:en|et|ett|några|nogle|noen) (?:till |mere |til )?(?:fråga|spørgsmål|spørsmål
        |frågor) | hej | hei | hallå | god (?:morgon|morgen|kväll|aften|kveld|dag) | tack | takk | tak
        | hejdå | grattis | tillykke | gratulerer | (?:jag|jeg) (?:förstår|forstår|vet|ved|håller med|hoppas
        |håper|håber|tycker det|synes det|också|også|tror det) | det (?:är|er|låter|lyder|var|stämmer
        |stemmer) | (?:ja|nej|nei|okej|ok|okay|bra|toppen|precis|haha|fint|super)\W*$ | lycka till
        | held og lykke | lykke til | inga problem
    """,
    unreal=r"""
        (?:om|hvis) (?:jag|jeg|vi) .*\b(?:vore|var|hade|havde|hadde|skulle|vann|vandt|vant)\b.* | (?:jag
        |jeg) skulle (?!gärna|gerne|på|til) | (?:jag önskar att|jeg ville ønske|jeg skulle ønske) | anta att
        | tänk om | sæt at | tenk om | hypotetisk\w*
    """,
    joke=r"""
        (?:jag |jeg )?(?:skojar|skämtar|bara skoj|skoja bara|bare for sjov|det var en joke|spøger|tuller
        |bare tull|kødder)(?: bara| bare)?
    """,
    opener=r"""
        (?:ja|nej|nei|jo|oj|okej|ok|hej|hei|tack|takk|tak|precis|bra|haha|hm+
        |nja)(?=\s*[,.!:;\u2014\u2013\u2026-]) | (?:förresten|forresten|i øvrigt|och|og|men|så|alltså
        |faktiskt|faktisk)(?=[\s,:])
    """,
    correction=r"""
        (?:nej|nei|vänta|vent|förlåt|undskyld|unnskyld|fel|forkert|feil|oj)[,:!.\u2014\u2013 -]+(?:(?:nej
        |nei|vänta|vent|fel|forkert|feil|jag menar|jag menade|jeg mener|jeg mente|det stämmer inte
        |det passer ikke)[,:!.\u2014\u2013 -]+)+ | (?:rättelse|rettelse|jag menade|jeg mente)
    """,
    remember=r"(?:snälla )?(?:kom ihåg|glöm inte|notera|husk|glem ikke|noter)(?: att| at)?",
    instruction=r"""
        (?:från och med nu|hädanefter|fra nå av|fra nu af|fremover|framöver|i framtiden|i fremtiden)
        | (?:snälla )?(?:svara|skriv|använd|svar|brug|bruk|kalla|kald|kall|tala|tal
        |snakk)(?: mig| meg)? (?:\S+ ){0,3}?(?:alltid|altid|alltid|bara|kun|bare|aldrig|aldri|inte|ikke|inga
        |ingen|kort|på) | (?:kalla|kald|kall) (?:mig|meg) | (?:inga|ingen) emoji\w*
    """,
    deed=r"""
        (?:jag har|jeg har|har|vi har|är|er|blev) .{0,80}\b(?:bokat|bokad|booket|bestilt|beställt|reserverat
        |reserveret|reservert|avbokat|avbestilt|aflyst|skickat|sendt|skapat|oprettet|opprettet|fixat|rettet
        |fikset|betalt|betalat|lagt till|flyttet|flyttat|återbetalat|refunderet|refundert|uppdaterat
        |opdateret|oppdatert) | (?:din|ditt|dit|dina|dine) (?:\S+ )?(?:beställning|bestilling|bokning
        |booking|tid|avtale|aftale|flyg|fly|paket|pakke|konto|biljett|billet|billett) .{0,30}\b(?:är|er|har
        |går|kommer|blev|ble)
    """,
    paste=r"""
        (?:snälla )?(?:kan du )?(?:\S+ ){0,3}?(?:översätt\w*|oversæt\w*|oversett\w*|sammanfatta|opsummer\w*
        |oppsummer\w*|rätta|ret)\b[^:]{0,80}:
    """,
    identity=r"""
        (?:jag|jeg) (?:heter|hedder|bor|jobbar|jobber|arbetar|arbejder|studerar|studerer|är \d+|er \d+
        |kommer (?:från|fra)|är (?:en )?\w+(?:are|erska|ör|ist|läkare)|er \w+(?:er|ist|lege|læge)) | (?:mitt
        |mit|min) (?:namn|navn|födelsedag|fødselsdag|bursdag|adress\w*|telefonnummer|nummer|ålder|alder|yrke
        |jobb|job) | född i | født i | vuxen upp | vokst opp | vokset op
    """,
    plan=r"""
        (?:jag|jeg|vi) (?:ska|skal|vill|vil|tänker|tænker|planerar|planlægger|planlegger|kommer att
        |kommer til) | i morgon | i morgen | imorgon | nästa \w+ | neste \w+ | næste \w+ | om \w+ (?:dagar
        |dager|dage|veckor|uker|uger|månader|måneder)
    """,
    preference=r"""
        gillar | älskar | elsker | hatar | hader | hater | föredrar | foretrækker | foretrekker | allergi\w*
        | vegan\w* | vegetar\w+ | favorit\w* | favoritt\w* | yndlings\w+ | kan (?:godt )?lide | liker
        | tål\w* | helst | dricker inte | drikker ikke | äter inte | spiser ikke
    """,
    relationship=r"""
        (?:min|mitt|mit|mina|mine|vår|vores) (?:\w+ )?(?:fru|man|mand|mann|kone|sambo|kæreste|kjæreste
        |pojkvän|flickvän|mor|far|mamma|pappa|mor|syster|søster|bror|broder|son|søn|sønn|dotter|datter|barn
        |mormor|farfar|chef|sjef|kollega|hund|katt|kat|vän|ven|venn\w*) | gift | skild | singel
    """,
    event=r"""
        igår | i går | i förrgår | i forgårs | idag | i dag | förra \w+ | sidste \w+ | forrige \w+ | sedan
        | siden | har \w+(?:at|et|it|t) | blev | ble
    """,
)  # fmt: skip

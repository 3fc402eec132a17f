"""The stop words of languages: they say little about what a text is about, and much about its language."""

from __future__ import annotations

_WORDS = {
    "english": """
a about above after again against all also am an and any are as at be because been before being below
between both but by can cannot could did do does doing done down during each else ever few for from further
had has have having he her here hers herself him himself his how i if in into is it its itself just me might
more most much must my myself no nor not of off on once one only or other our ours ourselves out over own
per same shall she should since so some such than that the their theirs them themselves then there these
they this those through thus to too under until up upon us very was we were what whatever when where whether
which while who whoever whom whose why will with within without would yet you your yours yourself yourselves
""",
    "basque": """
eta edo baina ez ni zu hura gu nire zure bere da dira naiz zen dut dute bat hau hori oso ere non nor zer
noiz nola zergatik
""",
    "catalan": """
el la els les un una uns unes de del dels i o però no jo tu ell ella nosaltres ells em et es meu meva teu
teva seu seva és són sóc era està estan té tinc amb per en al als a què qui on quan com quin quina molt més
també m'agrada
""",
    "czech": """
a nebo ale ne já ty on ona my vy oni se si mě mi mně můj moje má máš mám jeho její je jsou jsem jsi byl byla
bylo to ten ta te v ve z ze na do od pro po za o u přes že který která které kdo co kde kdy jak proč jaký
velmi také
""",
    "danish": """
og eller men ikke jeg du han hun det den vi i de mig dig sig min mit mine din sin hans hendes er var har
havde kan skal en et med af til fra for på om under over ved som at hvad hvem hvor hvornår hvordan hvorfor
hvilken meget også
""",
    "dutch": """
de het een en of maar niet geen ik jij je hij zij ze wij we jullie mij mijn jouw zijn haar ons onze is ben
bent was waren heeft heb hebben had wordt worden kan met van voor naar op in aan uit bij over onder om te
als hoe waar wat wie wanneer waarom welke ook nog al zeer dat die dit deze er
""",
    "esperanto": """
kaj aŭ sed ne mi vi li ŝi ĝi ni ili mia via lia ŝia estas estis la de al en kun por sur el pri ke kiu kio
kie kiam kiel kial tre ankaŭ
""",
    "estonian": """
ja või aga ei mina ma sina sa tema ta meie me nemad minu sinu on olen oli see et kes mis kus millal kuidas
miks ka väga ning mulle
""",
    "finnish": """
ja tai mutta ei en minä sinä hän me te he minun minulla minulle sinun hänen meidän on olen olet ovat oli se
tämä tuo että joka mikä mitä kuka missä mistä mihin milloin miten miksi kun jos niin myös hyvin kanssa
""",
    "french": """
le la les un une des du de et ou mais ne pas je tu il elle on nous vous ils elles me te se moi toi mon ma
mes ton ta tes son sa ses notre nos votre vos leur leurs ce cet cette ces est sont suis es était a ai as ont
avait avec pour par sur sous dans en au aux chez qui que quoi dont où à comme quand comment pourquoi quel
quelle quels quelles très plus aussi j'ai c'est c'était n'est n'ai j'aime d'un d'une qu'il qu'elle l'a m'a
s'est est-ce
""",
    "german": """
der die das den dem des ein eine einen einem einer eines und oder aber nicht kein keine ich du er sie es wir
ihr mich mir dich dir ihn ihm uns euch sich mein meine meinen meinem meiner dein deine sein seine ihre unser
ist sind bin bist war waren hat habe haben hatte wird werden wurde kann mit von zu zum zur im in am an auf
aus bei für über unter nach vor um als wie wo was wer wann warum wohin welche welcher welches auch noch nur
schon sehr dass wenn weil so
""",
    "hungarian": """
a az egy és vagy de nem én te ő mi ti ők van vagyok volt lesz ez hogy aki ami mit ki hol mikor hogyan miért
melyik is meg csak nagyon már még nekem neki
""",
    "indonesian": """
dan atau tetapi tidak bukan saya aku kamu anda dia kami kita mereka ini itu yang di ke dari pada untuk
dengan adalah akan sudah telah ada apa siapa mana kapan bagaimana mengapa sangat juga
""",
    "irish": """
agus nó ach ní mé tú sé sí muid siad mo do a is tá bhí an na ar ag le go i sa ó cad cé cá cathain conas
""",
    "italian": """
il lo la i gli le un uno una di del della dei delle degli dello da dal dalla in nel nella nei nelle con su
sul sulla per tra fra e o ma non io tu lui lei noi voi loro mi ti si ci vi mio mia miei mie tuo tua suo sua
è sono sei era ha ho hanno che chi cosa senza dove quando come perché quale quali molto più anche al alla ai
alle
""",
    "lithuanian": """
ir ar bet ne aš tu jis ji mes jūs jie mano tavo jo jos yra buvo su be į iš ant po per nuo prie kad kuris kas
kur kada kaip kodėl labai taip pat
""",
    "norwegian": """
og eller men ikke jeg du han hun det den vi dere de meg deg seg min mitt mine din sin hans hennes er var har
hadde kan skal en et ei med av til fra for på i om under over ved som at hva hvem hvor når hvordan hvorfor
hvilken veldig også
""",
    "polish": """
i lub ale nie ja ty on ona my wy oni się mnie mi mój moja moje moim mojej twój jego jej jest są jestem był
była było ma mam to ten ta te w we z ze na do od dla po za o u przez że który która które kto co gdzie kiedy
jak dlaczego jaki jaka bardzo też czy
""",
    "portuguese": """
o a os as um uma uns umas de do da dos das e ou mas não eu tu ele ela nós eles elas você me te se lhe meu
minha meus minhas teu seu sua seus suas é são sou era está estão estou foi tem tenho com por para em no na
nos nas ao à aos às pelo pela sem sobre que quem onde quando como qual quais muito mais também
""",
    "romanian": """
un o unei unui al a ai ale de la și sau dar nu eu tu el ea noi voi ei ele mă te se îmi îți își meu mea mei
mele tău său lui sunt ești este e era are am cu pentru în din pe prin fără despre că care ce cine unde când
cum foarte mai
""",
    "serbian": """
i ili ali ne ja ti on ona mi vi oni se je sam su bio bila moj moja moje mog njegov njen u na sa za od do iz
po o da koji koja koje ko tko šta što gde gdje kada kako zašto veoma vrlo takođe također nije
""",
    "spanish": """
el la los las un una unos unas de del y o pero no yo tú él ella nosotros ellos me te se mi mis tu tus su sus
nuestro nuestra es son soy eres era está están estoy fue ha he han tiene tengo con por para en al a sin
sobre que qué quien quién donde dónde cuando cuándo como cómo cuál cuáles muy más también le les lo
""",
    "swedish": """
och eller men inte jag du han hon det den vi ni de mig dig sig min mitt mina din sin hans hennes är var har
hade kan ska skulle en ett med av till från för på i om under över vid som att vad vem när hur varför vilken
vilket mycket också
""",
    "turkish": """
ve veya ama değil ben sen o biz siz onlar benim senin onun bizim bana bu şu bir için ile gibi çok da de mi
mı mu mü ne kim nerede nereye nasıl neden niçin hangi var yok ki daha
""",
    "arabic": """
في من إلى على عن مع هو هي هم أنا أنت نحن هذا هذه ذلك تلك التي الذي ما ماذا متى أين كيف لماذا هل كان كانت أن
إن لا لم لن و أو ثم قد
""",
    "persian": """
و در به از که را این آن با برای است هستم بود من تو او ما شما آنها می هم یا اما چه کی کجا چرا چگونه بر تا
نیست
""",
    "armenian": """
և բայց ես դու նա մենք դուք նրանք իմ քո նրա է են եմ էր մեջ հետ որ ինչ ով որտեղ երբ ինչպես ինչու շատ
""",
    "greek": """
και ή αλλά δεν εγώ εσύ αυτός αυτή αυτό εμείς μου σου του της μας σας τους ο η το οι τα τον την είναι ήταν
είμαι έχω έχει με σε από για στο στη στην στον στα που ποιος ποια πού πότε πώς γιατί τι πολύ να θα ένα μια
ένας
""",
    "hindi": """
और या लेकिन नहीं मैं तुम आप वह वे हम मेरा मेरी मेरे आपका आपकी उसका उसकी है हैं हूँ था थी थे को का की के में
से पर ने यह ये जो क्या कौन कहाँ कब कैसे क्यों बहुत भी
""",
    "russian": """
и или но не я ты он она оно мы вы они меня мне тебя тебе его ему её ее ей нас нам вас вам их им мой моя моё
мое мои моего моей твой твоя свой это этот эта эти тот был была было были есть быть в во на с со к ко у о об
от до из за по под над при для без про что чтобы кто где куда когда как почему зачем какой какая какое какие
очень тоже же ли бы
""",
    "tamil": """
நான் நீ அவன் அவள் நாங்கள் ஒரு என் உன் இந்த அந்த என்ன யார் எங்கே எப்போது ஏன் எப்படி மற்றும்
""",
}
STOP_WORDS = {language: words.split() for language, words in _WORDS.items()}
"""By Snowball's name of the language, as they are written. "May" is no English one: it is a month."""

_ENGLISH_TOO = """
al ale ben bet bin biz care co com come con dan den die du em era go ha han hans hat ho hon jest jo kim ma
mai mam mana men met mia min mina mine mon non o om os par pat plus po pour pro sa sam see sen sin sina son
soy sur ta ten ti til ton tu un van var vi via vid von war ze
"""
ENGLISH_TOO = frozenset(_ENGLISH_TOO.split())
"""Function words of other languages that English texts have too, as words or names."""

_IN_NAMES = """
ali das del der des dia est las lei les los mais mit noi nos que ses uma una und vos
"""
IN_NAMES = frozenset(_IN_NAMES.split())
"""Those that are parts of names everywhere, such as "Los Angeles"."""

LETTERS = {
    "ß": "german", "ä": "german swedish finnish estonian", "ö": "german swedish finnish hungarian turkish",
    "ü": "german hungarian turkish estonian", "å": "swedish danish norwegian", "øæ": "danish norwegian",
    "ñ": "spanish", "ã": "portuguese", "õ": "portuguese estonian", "ç": "french portuguese turkish catalan",
    "è": "french italian catalan", "ê": "french portuguese", "œ": "french", "őű": "hungarian",
    "ğıİş": "turkish", "łśżń": "polish", "ęą": "polish lithuanian", "ěřů": "czech",
    "čž": "czech serbian lithuanian", "š": "czech serbian lithuanian estonian", "đ": "serbian",
    "ć": "serbian polish", "ățș": "romanian", "ėųū": "lithuanian", "ĉĝŭ": "esperanto",
}  # fmt: skip
"""Letters beyond ASCII, and the few languages that have them."""

"""Spanish, Portuguese, French, Italian and Romanian. Except in French, the verb alone tells the person."""

from __future__ import annotations

from .lexicon import Lexicon

SPANISH = Lexicon(
    code="es",
    stop_words=("spanish",),
    first=r"""
        \w{3,}(?:amos|emos|imos) | yo | mí | mis? | mí[oa]s? | conmigo | nosotr[oa]s | nuestr[oa]s? | nos
        | me | (?:soy|estoy|tengo|vivo|trabajo|quiero|prefiero|necesito|voy|hago|puedo|conozco|vengo|salgo
        |juego|estudio|hablo|leo|bebo|odio|amo|detesto|adoro|uso|llevo|sufro|padezco|nací|crecí|fui|hice
        |tuve|pude|quise|estuve|vine|dije|puse|traje|cumplo|dejo|busco|viajo|entreno|corro|cocino|toco
        |practico|colecciono|aprendo|programo|duermo|fumo|echo|somos|tenemos|vivimos|vamos|estamos|hemos
        |queremos|usamos|solemos|suelo|iré|tendré|estaré|seré|haré) | he (?:\w+[aíi]do|visto|hecho|dicho
        |puesto|vuelto|abierto|escrito|roto|muerto) | (?!café|bebé|josé|comité|puré|aquí|así|allí|ahí|rubí
        |porqué|también|chalé|bisté)\w{3,}(?:é|í) | no (?:como|tomo|bebo|fumo|puedo)
    """,
    people=r"""
        vive | trabaja | estudia | se (?:llama|casa|casó|muda|mudó|divorcia|divorció|jubila|jubiló|compró
        |comprometió) | nació | cumple | murió | está (?:embarazada|enferm[oa]|casad[oa]|de viaje|de baja)
        | es (?:alérgic[oa]|vegan[oa]|vegetarian[oa]|médic[oa]|enfermer[oa]|profesor\w*|abogad[oa]
        |ingenier[oa]|mi \w+) | renunció | dejó | consiguió | compró | odia | prefiere | le (?:gusta|encanta
        |molesta)n? | juega
    """,
    continues=r"él | ella | ellos | ellas | le | les | su | sus | se | lo | la",
    question=r"""
        ^\W*(?:qué(?! \w+ (?:estoy|soy|tengo))|quién(?:es)?|cómo|cuándo|dónde|adónde|cuál(?:es)?|cuánt[oa]s?
        |por qué|para qué)\b | ^(?:puedes|podrías|sabes|tienes|quieres|conoces|crees|te gusta|hay|es posible
        |me puedes|me podrías)\b | \bme pregunto\b | ^quisiera saber | ^quiero saber
        | ^tengo una (?:pregunta|duda)
    """,
    command=r"""
        (?:quiero|quisiera|busco|necesito|me gustaría) (?:\S+ ){0,3}?(?:saber|entender|ejemplos?|resumen
        |texto|ideas?|consejos?|receta|lista|poema|explicación|traducción|recomendaci\w+|ayuda|información
        |carta|código) | (?:cancela|cambia|mueve|borra|añade|programa|agenda|organiza|prepara|compra|pide
        |llama|abre|cierra|envíame|recuérdame (?!que)|avísame|pásame) | (?:por favor,? )?(?:dime|dame
        |explícame|explica|escribe|escríbeme|muéstrame|muestra|ayúdame|ayuda|haz|hazme|busca|encuentra
        |traduce|tradúceme|resume|resúmeme|lista|compara|calcula|crea|genera|recomiéndame|recomienda|sugiere
        |cuéntame|cuenta|reserva|envía|mándame|imagina|supón|corrige|espera|mira|piensa|pon|lee|vamos a
        |dígame|déme|ayúdeme) | por favor | necesito (?:ayuda|que|tu ayuda|saber)
        | quiero que(?! siempre| nunca) | me (?:ayudas|dices|das|recomiendas|puedes) | (?:puedes|podrías
        |debes|deberías|tienes que)
    """,
    talk=r"""
        lo (?:intentaré|probaré|voy a (?:intentar|probar)) | no (?:entiendo|entendí|comprendo)
        | tengo (?:otra|una|algunas?|varias) (?:preguntas?|dudas?) | hola | buen[oa]s | gracias
        | muchas gracias | adiós | chao | hasta (?:luego|pronto|mañana) | felicidades | enhorabuena
        | de nada | (?:sí|no|ok|vale|claro|bien|perfecto|genial|exacto|jaja\w*|wow|bueno|listo|entendido
        |igualmente)\W*$ | (?:lo )?(?:entiendo|siento|sé|comprendo)\b | (?:estoy|totalmente|muy) de acuerdo
        | me (?:alegro|parece|alegra|imagino|da igual|suena)\b | no (?:lo sé|sé|te preocupes|pasa nada
        |importa|hay problema) | qué \w+ | eso | esto (?:es|está) | espero que | (?:te|os|le) (?:deseo
        |agradezco|entiendo) | suerte | es (?:verdad|cierto|genial) | creo que (?:sí|no)\b | claro
        | yo también\W*$ | estoy (?:bien|listo|lista)\W*$ | tengo (?:sueño|hambre|sed|prisa)\W*$
        | voy a ver\W*$
    """,
    unreal=r"""
        (?:si|aunque) (?:yo |me |nos |no |mi \w+ )*(?:fuera|fuese|tuviera|tuviese|pudiera|ganara|ganase
        |viviera|hubiera|hubiese|estuviera|supiera|quisiera|tocara|\w+[ae]ra|\w+i[eé]ramos) | ojalá
        | (?:me gustaría (?:ser|tener más|poder)) | quién (?:fuera|pudiera) | imagin(?:a|emos|ate)(?: que)?
        | supong(?:amos|o) que | supón | hipotéticamente | si me toca(?:ra|se)? la lotería
    """,
    joke=r"""
        es broma | era broma | es una broma | era una broma | estoy bromeando | estaba bromeando | de broma
        | no es en serio | es coña | es joda
    """,
    opener=r"""
        (?:sí|no|ah|oh|ay|vale|ok|okay|hola|gracias|muchas gracias|claro|exacto|bueno|bien|genial|perfecto
        |uf|pues|oye|mira|jaja\w*|guau|buenos días|buenas tardes|buenas noches|de acuerdo|vaya|hombre
        |por cierto)(?=\s*[,.!:;\u2014\u2013\u2026-]) | (?:por cierto|pues|y|pero|además|bueno
        |la verdad es que|la verdad,)(?=[\s,:])
    """,
    correction=r"""
        (?:no|perdón|perdona|espera|ay|ups|disculpa|mentira|corrección
        |mejor dicho)[,:!.\u2014\u2013 -]+(?:(?:no|perdón|perdona|espera|mentira|quise decir|quería decir
        |me equivoqué|me he equivocado|eso no|no es así|mejor dicho|disculpa)[,:!.\u2014\u2013 -]+)+
        | (?:corrección|perdón|me equivoqué|me he equivocado|quise decir|quería decir|mejor dicho|digo)
    """,
    remember=r"""
        (?:por favor,? )?(?:recuerda|recuérdame|acuérdate de|ten en cuenta|no olvides|no te olvides de
        |apunta|anota|toma nota de|para que (?:lo )?sepas|guarda)(?:,? que)?
    """,
    instruction=r"""
        (?:a partir de ahora|de ahora en adelante|desde ahora|en adelante|en el futuro)
        | (?:por favor,? )?(?:responde|respóndeme|contesta|contéstame|escribe|háblame|habla|usa|utiliza
        |llámame|trátame|tutéame|evita|sé|explícame|responda|conteste
        |hábleme)(?: por favor)? (?:\S+ ){0,3}?(?:siempre|solo|sólo|nunca|en (?:español|inglés|francés
        |catalán)|breve\w*|corto|sin|de (?:tú|usted|forma)|con|concis[oa]) | (?:siempre|nunca
        |no) (?:responde|respondas|contesta|contestes|uses|usa|utilices|me (?:llames|hables|trates
        |respondas)|escribas) | llámame | trátame | tutéame | quiero que (?:siempre|nunca) | sin emojis
        | nada de emojis
    """,
    deed=r"""
        (?:he|hemos|ya) (?:\S+ ){0,2}?(?:reservado|cancelado|comprado|pedido|enviado|programado|agendado
        |creado|arreglado|corregido|pagado|registrado|añadido|agregado|actualizado|reembolsado|cambiado
        |borrado|solicitado|apuntado|guardado|reprogramado) | (?:te|le|les|os) (?:he|hemos) \w+[aií]do
        | (?:reservé|cancelé|compré|pedí|envié|programé|agendé|creé|arreglé|corregí|pagué|registré|añadí
        |agregué|actualicé|reembolsé|cambié) | (?:tu|su) (?:\S+ )?(?:pedido|vuelo|cita|reserva|paquete
        |cuenta|reembolso|billete|factura|suscripción|mesa|habitación|entrega|envío|nivel
        |resultado) .{0,40}\b(?:es|está|fue|ha|sale|llega|llegará|será|quedó) | (?:ha sido|fue|han sido
        |quedó|está) (?:reservad|cancelad|enviad|confirmad|reembolsad|programad|agendad)[oa]s?
    """,
    paste=r"""
        (?:por favor,? )?(?:(?:puedes|podrías) )?(?:\S+ ){0,2}?(?:traduce|traducir|resume|resumir|corrige
        |corregir|reescribe|mejora|revisa|analiza)\b[^:]{0,80}:
    """,
    identity=r"""
        me llamo | mi (?:nombre|cumpleaños|profesión|trabajo|dirección|correo|teléfono|número|edad|apellido
        |lengua materna) | (?:vivo|trabajo|estudio|nací|crecí) | soy (?:de|un |una )?\S+ | tengo \d+ años
        | trabajo (?:como|de|en)
    """,
    plan=r"""
        voy a | vamos a | iré | quiero | quisiera | me gustaría | planeo | pienso | tengo (?:una )?(?:cita
        |pensado|previsto) | mañana | pasado mañana | próxim[oa] | que viene | dentro de | me caso | se casa
    """,
    preference=r"""
        (?:me|nos|le) (?:gusta|encanta|molesta|apetece|fascina)n? | no soporto | odio | amo | prefiero
        | favorit[oa]s? | alérgic[oa] | alergia | vegan[oa] | vegetarian[oa] | intolerante | detesto | adoro
        | no (?:como|bebo|tomo)
    """,
    relationship=r"""
        (?:mi|mis|nuestr[oa]s?) (?:\w+ )?(?:esposa|mujer|marido|esposo|novi[oa]|pareja|madre|padre|padres
        |mamá|papá|herman[oa]s?|hij[oa]s?|abuel[oa]s?|tí[oa]s?|prim[oa]s?|jef[ea]|compañer[oa]s?|amig[oa]s?
        |perr[oa]s?|gat[oa]s?|suegr[oa]|cuñad[oa]|sobrin[oa]|vecin[oa]) | casad[oa] | solter[oa]
        | divorciad[oa] | tengo (?:un[oa]?|dos|tres|\d+) (?:hij|herman|perr|gat)\w+
    """,
    event=r"""
        ayer | anteayer | anoche | hoy | pasad[oa] | hace \w+ | desde | he \w+[aií]do | fui | \w{3,}(?:é|í
        |ó)
    """,
)  # fmt: skip

PORTUGUESE = Lexicon(
    code="pt",
    stop_words=("portuguese",),
    first=r"""
        (?!lei|rei|hóquei|vôlei)\w{3,}ei | \w{3,}(?:amos|emos|imos) | eu | meu | minha | meus | minhas | mim
        | comigo | nós | nosso | nossa | nossos | nossas | a gente | me | (?:sou|estou|tô|tenho|moro|vivo
        |trabalho|quero|prefiro|preciso|vou|faço|posso|conheço|venho|saio|jogo|estudo|falo|leio|bebo|odeio
        |amo|detesto|adoro|gosto|curto|uso|sofro|nasci|cresci|fui|fiz|tive|pude|estive|vim|disse|pus|trouxe
        |comprei|corro|cozinho|toco|aprendo|durmo|fumo|procuro|viajo|somos|temos|moramos|vivemos|vamos
        |estamos|queremos|usamos|costumo|irei|terei|farei) | (?:^
        |\bnão |\bjá |\be |\bque |\bontem |\bnunca |\btambém |\bhoje |\bme |, )\w{2,}ei | não (?:como|bebo
        |tomo|fumo)
    """,
    people=r"""
        mora | vive | trabalha | estuda | se (?:chama|casa|casou|mudou|divorciou|aposentou|formou) | casou
        | nasceu | faz \d+ anos | morreu | está (?:grávida|doente|casad[oa]|de férias|viajando)
        | é (?:alérgic[oa]|vegan[oa]|vegetarian[oa]|médic[oa]|enfermeir[oa]|professor\w*|advogad[oa]
        |engenheir[oa]) | pediu demissão | conseguiu | comprou | odeia | prefere | gosta d\w+ | adora | joga
        | ficou noiv[oa]
    """,
    continues=r"ele | ela | eles | elas | dele | dela | seu | sua | se",
    question=r"""
        ^\W*(?:o que|que horas|quem|como (?:é|está|faço|posso|se|eu|você)|quando (?:é|foi|vai|você)|onde
        |aonde|qual|quais|quant[oa]s?|por que|por quê|será que|cadê)\b | ^(?:você|vocês) (?:pode|sabe|tem
        |quer|conhece|acha|gosta|poderia)\b | ^(?:pode|poderia|sabe|tem como|dá para|existe|há)\b
        | \bqueria saber\b | \bgostaria de saber\b | ^tenho uma (?:pergunta|dúvida)
    """,
    command=r"""
        me (?:puedes|podes|pode|podes) | (?:quero|queria|preciso de|gostaria de|procuro
        |busco) (?:\S+ ){0,3}?(?:saber|entender|exemplos?|resumo|texto|ideias?|conselhos?|dicas?|receita
        |lista|poema|explicação|tradução|recomendaç\w+|ajuda|informaç\w+|carta|código) | (?:cancela|cancele
        |mude|muda|apague|adicione|agende|agenda|marque|marca|organize|prepare|compre|peça|ligue|abra
        |lembre-me|manda) | (?:por favor,? )?(?:me (?:diga|diz|dê|dá|explique|explica|mostre|mostra|ajude
        |ajuda|conte|conta|recomende|recomenda|sugira|fale|fala|lembre|envie|mande)|diga|diz|explique
        |explica|escreva|escreve|mostre|mostra|ajude|ajuda|faça|faz|procure|busque|encontre|traduza|traduz
        |resuma|resume|liste|compare|calcule|crie|cria|gere|gera|recomende|sugira|conte|reserve|envie
        |imagine|suponha|corrija|espere|espera|veja|pense|vamos) | por favor | preciso (?:de ajuda
        |da sua ajuda|que você|saber) | quero que você(?! sempre| nunca) | (?:você )?(?:pode|poderia|deve
        |deveria)
    """,
    talk=r"""
        não (?:entendi|entendo|compreendi) | vou tentar | vou experimentar | tenho (?:outra|uma|algumas?
        |mais uma) (?:perguntas?|dúvidas?) | nossa que | que dia | olá | oi | bom dia | boa (?:tarde|noite)
        | obrigad[oa] | muito obrigad[oa] | valeu | tchau | até (?:logo|mais|amanhã|breve) | parabéns
        | de nada | (?:sim|não|ok|tá|claro|bem|bom|perfeito|ótimo|legal|exato|haha\w*|kk+|rs+|uau|entendi
        |beleza|certo|igualmente)\W*$ | (?:eu )?(?:entendo|sinto muito|sei|compreendo|concordo|espero que
        |acho que (?:sim|não)|fico feliz|imagino)\b | não (?:sei|se preocupe|tem problema|importa)
        | que (?:legal|bom|ótimo|pena|triste|dia|lindo|maravilha) | isso | boa sorte | é (?:verdade|isso)
        | estou (?:bem|pronto|pronta)\W*$ | eu também\W*$ | estou com (?:fome|sono|sede)\W*$
    """,
    unreal=r"""
        se (?:eu|nós|a gente|o meu \w+|minha \w+)? ?(?:fosse|tivesse|pudesse|ganhasse|morasse|vivesse
        |estivesse|soubesse|quisesse|\w+[aei]sse)(?:mos)? | quem me dera | tomara que | oxalá | imagin(?:a|e
        |emos)(?: que)? | suponh(?:a|amos) que | hipoteticamente | gostaria de (?:ser|ter mais|poder)
    """,
    joke=r"""
        (?:é|era|foi|estou|tô|estava|só) (?:só )?(?:uma )?(?:brincadeira|brincando|piada|zoeira|zoando)
    """,
    opener=r"""
        (?:sim|não|ah|oh|ai|ok|tá|olá|oi|obrigad[oa]|muito obrigad[oa]|claro|exato|bom|bem|legal|ótimo
        |perfeito|nossa|uau|poxa|olha|então|haha\w*|bom dia|boa tarde|boa noite|beleza|certo
        |pois é)(?=\s*[,.!:;\u2014\u2013\u2026-]) | (?:aliás|a propósito|então|e|mas|além disso
        |na verdade)(?=[\s,:])
    """,
    correction=r"""
        (?:não|desculpa|desculpe|espera|espere|ops|opa|errado|mentira|perdão|correção
        |aliás)[,:!.\u2014\u2013 -]+(?:(?:não|desculpa|desculpe|espera|errado|mentira|quis dizer|quero dizer
        |queria dizer|me enganei|errei|digo|não é isso)[,:!.\u2014\u2013 -]+)+ | (?:correção|me enganei
        |enganei-me|quis dizer|quero dizer|queria dizer|digo)
    """,
    remember=r"""
        (?:por favor,? )?(?:lembre-se|lembra|lembre|não (?:se )?esqueça|não esquece|anota|anote|guarde
        |tenha em mente|só para (?:você )?saber)(?: de)?(?:,? que)?
    """,
    instruction=r"""
        (?:a partir de agora|de agora em diante|daqui para a frente|daqui pra frente|no futuro)
        | (?:por favor,? )?(?:responda|responde|escreva|escreve|fale|fala|use|usa|utilize|evite|seja
        |explique|chame)(?:-me| comigo)? (?:\S+ ){0,3}?(?:sempre|só|apenas|nunca|em (?:português|inglês
        |espanhol)|breve\w*|curt[oa]s?|sem|de forma|com|concis[oa]) | (?:sempre|nunca|não) (?:responda
        |escreva|use|utilize|me chame|fale|responde) | (?:me chame|me chama|chame-me|trate-me
        |pode me chamar) | quero que (?:você )?(?:sempre|nunca) | sem emojis
    """,
    deed=r"""
        (?:já |eu )?(?:reservei|cancelei|comprei|pedi|enviei|agendei|marquei|criei|corrigi|consertei|paguei
        |registrei|adicionei|atualizei|reembolsei|alterei|excluí|remarquei|solicitei|anotei) | (?:foi|foram
        |está|estão) (?:reservad|cancelad|enviad|confirmad|reembolsad|agendad|marcad|criad|atualizad)[oa]s?
        | (?:seu|sua|o seu|a sua) (?:\S+ )?(?:pedido|voo|consulta|reserva|pacote|encomenda|conta|reembolso
        |passagem|bilhete|fatura|assinatura|mesa|quarto|entrega) .{0,40}\b(?:é|está|foi|sai|chega|chegará
        |será|ficou)
    """,
    paste=r"""
        (?:por favor,? )?(?:(?:você )?(?:pode|poderia) )?(?:\S+ ){0,2}?(?:traduza|traduzir|traduz|resuma
        |resumir|resume|corrija|corrigir|reescreva|melhore|revise|analise)\b[^:]{0,80}:
    """,
    identity=r"""
        me chamo | chamo-me | meu nome | (?:meu|minha) (?:aniversário|profissão|trabalho|endereço|e-mail
        |email|telefone|número|idade|sobrenome) | (?:moro|trabalho|estudo|nasci|cresci) | sou (?:de|do|da
        |um |uma )?\S+ | tenho \d+ anos
    """,
    plan=r"""
        vou (?!bem) | vamos | quero | queria | gostaria | pretendo | planejo | penso em
        | tenho (?:uma )?(?:consulta|reunião|marcado) | amanhã | próxim[oa] | que vem | daqui a
    """,
    preference=r"""
        gosto | gosta | adoro | amo | odeio | detesto | prefiro | favorit[oa]s? | predilet[oa] | alérgic[oa]
        | alergia | vegan[oa] | vegetarian[oa] | intolerante | não (?:como|bebo|suporto|tomo)
    """,
    relationship=r"""
        (?:meu|minha|meus|minhas|nosso|nossa) (?:\w+ )?(?:esposa|mulher|marido|esposo|namorad[oa]|noiv[oa]
        |mãe|pai|pais|irmã|irmão|irmãos|filh[oa]s?|avó|avô|ti[oa]s?|prim[oa]s?|chefe|colegas?|amig[oa]s?
        |cachorr[oa]s?|cão|cadela|gat[oa]s?|sogr[oa]|cunhad[oa]|sobrinh[oa]|vizinh[oa]) | casad[oa]
        | solteir[oa] | divorciad[oa]
    """,
    event=r"ontem | anteontem | hoje | passad[oa] | há \w+ | desde | fui | \w{3,}(?:ei|ou|eu|iu)",
)  # fmt: skip

FRENCH = Lexicon(
    code="fr",
    stop_words=("french",),
    first=r"""
        je | j['\u2019]\w+ | moi | m['\u2019]\w+ | me | mon | ma | mes | nous | notre | nos | on (?:a|va|est
        |vit|habite|utilise|part|fait) | ^(?:habite|suis|travaille|viens de)
    """,
    people=r"""
        habite | vit | travaille | étudie | s['\u2019]appelle | se marie | déménage
        | s['\u2019]est (?:mariée?|fiancée?|installée?|séparée?|cassé) | est (?:\S+ )?(?:enceinte|malade
        |allergique|mariée?|divorcée?|végétarien\w*|décédée?|née?|mort\w*|médecin|infirmi\w+|professeur\w*
        |avocate?|ingénieure?) | a (?:\S+ ){0,2}(?:déménagé|démissionné|acheté|eu|obtenu|trouvé|gagné
        |\d+ ans) | aime | déteste | adore | préfère | joue
    """,
    continues=r"il | elle | ils | elles | son | sa | ses | leurs? | lui",
    question=r"""
        ^(?:est-ce|qu['\u2019]est|que (?:faire|penses|veux|signifie|dois)|quoi|qui (?:est|a|sont|peut)
        |quand est|comment|où|pourquoi|combien|quel(?:le)?s?)\b(?! que soit) | \best-ce qu\w* | ^(?:as|peux
        |pourrais|connais|sais|veux|aimes|es|penses)-tu\b | ^(?:avez|pouvez|pourriez|connaissez|savez|voulez
        |êtes)-vous\b | ^(?:tu|vous) (?:peux|pouvez|sais|savez|connais|connaissez|as|avez)\b | ^y a-t-il
        | \bje me demande\b | ^je voudrais savoir | ^j['\u2019]ai une question
    """,
    command=r"""
        (?:je (?:veux|voudrais|cherche|souhaite)|j['\u2019]aimerais
        |j['\u2019]ai besoin) (?:\S+ ){0,3}?(?:savoir|comprendre|exemples?|résumé|texte|idées?|conseils?
        |recette|liste|poème|explications?|traduction|recommandations?|aide|infos?|lettre|code|script)
        | (?:annule|annulez|change|déplace|supprime|ajoute|programme|organise|prépare|achète
        |appelle (?!-moi)|ouvre|commande|rappelle-moi (?!que)|préviens)(?:-moi|-le|-la)?
        | (?:s['\u2019]il (?:te|vous) plaît,? )?(?:dis|dites|donne|donnez|explique|expliquez|écris|écrivez
        |montre|montrez|aide|aidez|fais|faites|cherche|cherchez|trouve|trouvez|traduis|traduisez|résume
        |résumez|liste|listez|compare|calcule|crée|créez|génère|recommande|propose|raconte|réserve|réservez
        |envoie|imagine|imaginons|suppose|corrige|attends|attendez|regarde|pense|allons|lis)(?:-(?:moi|nous
        |le|la))? | s['\u2019]il (?:te|vous) plaît | j['\u2019]ai besoin (?:d['\u2019]aide|de (?:ton
        |votre) aide|que tu|de savoir) | je (?:veux|voudrais|souhaite) (?:que (?:tu|vous)(?! toujours)
        |savoir) | (?:tu|vous) (?:peux|pouvez|pourrais|dois|devrais|devez)
    """,
    talk=r"""
        je n(?:e |['\u2019])(?:comprends|saisis|ai) (?:pas|rien)(?! de | d['\u2019])(?: bien)?(?: compris)?
        | c['\u2019](?:est|était)(?! (?:mon|ma|moi|mes|à cause|pour m\w+)\b) | j['\u2019](?:essaie
        |essaierai) | je vais essayer | bonjour | salut | bonsoir | merci | au revoir | à (?:bientôt|plus
        |demain|tout à l['\u2019]heure) | félicitations | bravo | de rien | je (?:t['\u2019]en prie
        |vous en prie) | (?:oui|non|ok|d['\u2019]accord|bien|parfait|super|génial|exactement|haha\w*|lol
        |waouh|ah bon|entendu|bien sûr|voilà)\W*$ | je (?:comprends|vois|sais|ne sais pas
        |suis d['\u2019]accord|suis (?:content|contente|désolée?|ravie?)(?: pour| de (?:te|l)|\W*$)
        |pense (?:aussi|que (?:oui|non|c))|crois que|l['\u2019]espère|te (?:souhaite|remercie)
        |vous (?:souhaite|remercie)|confirme) | j['\u2019](?:espère|imagine|avoue) | c['\u2019](?:est
        |était) (?!mon|ma|moi|à cause|pour mon|pour ma) | ça (?:va|marche|fait|a l|me) | bonne (?:chance
        |journée|soirée|nuit|idée) | bon courage | moi aussi\W*$ | pas de (?:souci|problème) | quelle?
        | tant mieux | dommage | désolée? | enchantée? | j['\u2019]ai (?:faim|soif|sommeil|sommeil)\W*$
    """,
    unreal=r"""
        si (?:j['\u2019]|je |nous |on |mon \w+ |ma \w+ )(?:n['\u2019])?(?:étais|étions|était|avais|avions
        |avait|pouvais|gagnais|gagnait|gagnions|vivais|savais|devais|voulais|habitais|\w{2,}(?:ais|ions))
        | j['\u2019]aimerais (?:être|avoir plus|pouvoir) | si seulement | imagin(?:e|ons|ez)(?: que)?
        | suppos(?:e|ons|ez)(?: que)? | hypothétiquement | admettons que | je (?:serais|ferais|partirais
        |achèterais|vivrais) | j['\u2019](?:aurais|irais|achèterais|habiterais)
    """,
    joke=r"""
        (?:je|j['\u2019])(?: te)? ?(?:plaisante|rigole|blague|déconne) | c['\u2019](?:est
        |était) (?:juste )?(?:une |pour )?(?:blague|rire|plaisanterie|de rire) | pour rire | je plaisantais
    """,
    opener=r"""
        (?:ah oui|ah non|ben oui|mais oui|oui|non|ah|oh|eh bien|ben|bah|ok|d['\u2019]accord|bonjour|salut
        |bonsoir|merci(?: beaucoup)?|exactement|super|génial|parfait|tiens|hélas|bon|bien sûr|haha\w*|waouh
        |voilà|si|enfin|effectivement)(?=\s*[,.!:;\u2014\u2013\u2026-]) | (?:au fait|d['\u2019]ailleurs
        |alors|et|mais|donc|en fait|sinon|en plus)(?=[\s,:])
    """,
    correction=r"""
        (?:non|pardon|attends|attendez|désolée?|oups|erreur|faux|correction)[,:!.\u2014\u2013 -]+(?:(?:non
        |pardon|attends|désolée?|erreur|faux|je voulais dire|je veux dire|je me suis trompée?
        |ce n['\u2019]est pas ça|c['\u2019]est faux|plutôt)[,:!.\u2014\u2013 -]+)+ | (?:correction
        |je me suis trompée?|je voulais dire|je veux dire|erreur de ma part|rectification)
    """,
    remember=r"""
        (?:s['\u2019]il (?:te|vous) plaît,? )?(?:souviens-toi|souvenez-vous|rappelle-toi|rappelez-vous
        |retiens|retenez|note|notez|n['\u2019]oublie(?:z)? pas|garde en tête
        |pour info)(?: bien)?(?:,? (?:que|qu['\u2019]))?
    """,
    instruction=r"""
        (?:à partir de maintenant|dorénavant|désormais|à l['\u2019]avenir) | (?:s['\u2019]il (?:te
        |vous) plaît,? )?(?:réponds|répondez|écris|écrivez|parle|parlez|utilise|utilisez|évite|évitez|sois
        |soyez|explique|tutoie|vouvoie|appelle|appelez)(?:-moi)? (?:\S+ ){0,3}?(?:toujours|uniquement
        |seulement|jamais|en (?:français|anglais)|bref|brièvement|brièvement|court\w*|sans|de (?:façon
        |manière)|avec|concis\w*|plus) | (?:tutoie|vouvoie|tutoyez|vouvoyez)-moi | appelle(?:z)?-moi
        | ne (?:m['\u2019]appelle|réponds|me \w+|utilise|mets|mettez|utilisez|répondez) (?:pas|plus|jamais)
        | n['\u2019](?:utilise|utilisez|emploie) (?:pas|plus|jamais) | (?:toujours|jamais) (?:répondre
        |d['\u2019]émojis?|utiliser) | pas d['\u2019](?:émojis?|emojis?) | je (?:veux|voudrais
        |souhaite) que (?:tu|vous) (?:\S+ )?toujours
    """,
    deed=r"""
        (?:j['\u2019]ai|nous avons|je (?:t|vous|l)\S*\s?ai|je vous ai) (?:\S+ ){0,3}?(?:réservé|annulé
        |commandé|envoyé|programmé|planifié|créé|corrigé|réparé|payé|enregistré|ajouté|mis à jour|remboursé
        |modifié|supprimé|déplacé|acheté|noté|reporté) | (?:est|a été|ont été|sont) (?:bien )?(?:réservé
        |annulé|envoyé|confirmé|remboursé|programmé|expédié|commandé)e?s? | (?:votre|ton|ta|vos
        |tes) (?:\S+ )?(?:commande|vol|rendez-vous|réservation|colis|compte|remboursement|billet|facture
        |abonnement|table|chambre|livraison|taux|train) .{0,40}\b(?:est|sont|a|sera|part|arrive|arrivera)
    """,
    paste=r"""
        (?:s['\u2019]il (?:te|vous) plaît,? )?(?:(?:peux-tu|pouvez-vous|tu peux) )?(?:\S+ ){0,2}?(?:traduis
        |traduire|traduisez|résume|résumer|résumez|corrige|corriger|corrigez|reformule|réécris|améliore
        |relis|analyse)\b[^:]{0,80}:
    """,
    identity=r"""
        je m['\u2019]appelle | (?:mon|ma) (?:nom|prénom|anniversaire|profession|métier|adresse|numéro
        |téléphone|âge|mail|e-mail|langue maternelle) | j['\u2019]habite | je (?:vis|travaille|suis (?:né
        |née|un|une|de|d['\u2019]\w+|\w+(?:eur|euse|ier|ière|ien|ienne|iste|in|ecin))|viens d[e'\u2019])
        | j['\u2019]ai (?:\d+|vingt|trente|quarante|cinquante)\S* ans | j['\u2019]étudie
    """,
    plan=r"""
        je (?:vais|veux|voudrais|compte|pense|prévois|souhaite) | nous allons | on va
        | j['\u2019](?:aimerais|irai|ai l['\u2019]intention|ai (?:un )?rendez-vous) | demain | après-demain
        | prochaine?s? | dans \w+ (?:jours?|semaines?|mois|ans?) | rendez-vous
    """,
    preference=r"""
        j['\u2019](?:aime|adore) | aime | adore | déteste | préfère | préférée?s? | favorite?s? | allergi\w+
        | végétarien\w* | végan\w* | vegan\w* | intolérante? | supporte pas | ne (?:mange|bois|fume) (?:pas
        |plus|jamais|ni)
    """,
    relationship=r"""
        (?:mon|ma|mes|notre|nos) (?:\w+ )?(?:femme|mari|époux|épouse|copain|copine|conjointe?|compagn\w+
        |mère|père|parents|maman|papa|sœur|soeur|frère|fils|fille|enfants?|grand-\w+|oncle|tante|cousine?
        |chef\w*|patron\w*|collègues?|amie?s?|chien\w*|chat\w*|beau-\w+|belle-\w+|neveu|nièce|voisine?)
        | mariée? | divorcée? | célibataire | fiancée?
    """,
    event=r"""
        hier | avant-hier | aujourd['\u2019]hui | dernière? | il y a \w+ | depuis | (?:ai|suis|avons|sommes
        |a|est) (?:\S+ )?\w+(?:é|és|ée|ées|i|u|is|it)
    """,
)  # fmt: skip

ITALIAN = Lexicon(
    code="it",
    stop_words=("italian",),
    first=r"""
        \w{3,}iamo | io | mio | mia | miei | mie | mi | me | noi | nostr[oaie] | ci siamo | con me | (?:ho
        |sono|abito|lavoro|vivo|vengo|preferisco|vado|faccio|posso|devo|voglio|vorrei|odio|amo|adoro|studio
        |uso|parlo|leggo|bevo|mangio|sto|esco|gioco|cerco|corro|cucino|suono|imparo|soffro|fumo|detesto
        |viaggio|compio|porto|abbiamo|siamo|viviamo|abitiamo|andiamo|usiamo|andrò|farò|avrò|sarò|ero|avevo
        |nacqui|inizio|comincio|parto)
    """,
    people=r"""
        abita | vive | lavora | studia | si (?:chiama|sposa|è (?:sposat[oa]|trasferit[oa]|laureat[oa]
        |fidanzat[oa]|licenziat[oa]|rott[oa])|trasferisce|laurea) | compie | è (?:nat[oa]|incinta|malat[oa]
        |mort[oa]|sposat[oa]|allergic[oa]|vegan[oa]|vegetarian[oa]|divorziat[oa]|medico|infermier[ea]
        |insegnante|avvocato|ingegnere) | ha (?:\S+ ){0,2}(?:comprato|trovato|avuto|ottenuto|vinto|lasciato
        |perso|\d+ anni) | odia | preferisce | gioca | le piace | gli piace
    """,
    continues=r"lui | lei | loro | gli | le (?:piace|piacciono) | suo | sua | suoi | si",
    question=r"""
        ^\W*(?:che cosa|cosa|chi|come (?:si|posso|faccio|stai|va|mai)|quando (?:è|sono|posso|parte)|dove
        |quale|quali|quant[oaie]|perché non|che ore|qual)\b | ^(?:puoi|potresti|sai|hai|vuoi|conosci|pensi
        |ti piace|c['\u2019]è|ci sono|potete|può)\b | \bmi chiedo\b | ^vorrei sapere | ^ho una domanda
    """,
    command=r"""
        (?:voglio|vorrei|cerco|ho bisogno di|mi serve|mi servono) (?:\S+ ){0,3}?(?:sapere|capire|esemp\w+
        |riassunto|testo|ide[ae]|consigl\w+|ricetta|lista|poesia|spiegazion\w+|traduzione|aiuto
        |informazion\w+|lettera|codice) | (?:annulla|cancella|cambia|sposta|elimina|aggiungi|programma
        |organizza|prepara|compra|ordina|chiama (?!mi)|apri|ricordami|prenotami|prenoti)
        | (?:per favore,? )?(?:dimmi|dammi|spiegami|spiega|scrivi|scrivimi|mostrami|mostra|aiutami|aiuta|fai
        |fammi|cerca|trova|traduci|riassumi|elenca|confronta|calcola|crea|genera|consigliami|consiglia
        |suggerisci|raccontami|prenota|invia|manda|immagina|supponi|correggi|aspetta|guarda|pensa|leggi
        |andiamo a|mi dica) | per favore | ho bisogno (?:di aiuto|del tuo aiuto|che|di sapere)
        | voglio che(?! tu (?:sempre|non)) | mi (?:aiuti|dici|dai|consigli|puoi) | (?:puoi|potresti|devi
        |dovresti)
    """,
    talk=r"""
        non (?:ho capito|capisco|mi è chiaro) | ci provo | proverò | ho (?:un[\u2019\x27]altra|una|altre
        |qualche) domand[ae] | ciao | buongiorno | buonasera | buonanotte | salve | grazie | grazie mille
        | arrivederci | a (?:presto|dopo|domani) | congratulazioni | complimenti | auguri | prego
        | di niente | (?:sì|si|no|ok|va bene|certo|bene|perfetto|fantastico|esatto|haha\w*|ahah\w*|wow|bello
        |capito|d['\u2019]accordo|ottimo)\W*$ | (?:lo )?(?:capisco|so|immagino|spero)
        | sono d['\u2019]accordo | mi (?:dispiace|sembra|fa piacere|pare) | non (?:lo so|so|importa
        |preoccuparti|c['\u2019]è problema) | che (?:bello|peccato|bella|giornata|fatica|noia) | è (?:vero
        |bello|fantastico) | questo | quello | buona (?:fortuna|giornata|serata) | in bocca al lupo
        | penso (?:di sì|di no|anch) | anch['\u2019]io\W*$ | sto bene\W*$ | ho (?:fame|sonno|sete
        |capito)\W*$ | sono (?:contento|contenta|felice) (?:per|di|che) | ti (?:auguro|ringrazio|capisco)
    """,
    unreal=r"""
        se (?:io |mi |non |ci |la mia \w+ |il mio \w+ )*(?:fossi|avessi|potessi|vincessi|vivessi|sapessi
        |dovessi|volessi|fossimo|avessimo|\w+(?:assi|essi|issi)(?:mo)?) | magari (?:fossi|avessi|potessi)
        | immagin(?:a|iamo|ate)(?: che)? | suppon(?:i|iamo|ete)(?: che)? | ipoteticamente | mettiamo che
        | se vincessi
    """,
    joke=r"""
        (?:sto|stavo) scherzando | scherzo | scherzavo | era (?:solo )?uno scherzo | è uno scherzo
        | per scherzo | per ridere
    """,
    opener=r"""
        (?:sì|no|ah|oh|beh|ok|ciao|salve|buongiorno|buonasera|grazie(?: mille)?|certo|esatto|bene|perfetto
        |bello|guarda|senti|insomma|va bene|haha\w*|ahah\w*|wow|allora|purtroppo
        |ecco)(?=\s*[,.!:;\u2014\u2013\u2026-]) | (?:a proposito|comunque|allora|e|ma|però|inoltre|in realtà
        |tra l['\u2019]altro)(?=[\s,:])
    """,
    correction=r"""
        (?:no|scusa|scusi|scusate|aspetta|ops|sbagliato|errore|correzione|anzi)[,:!.\u2014\u2013 -]+(?:(?:no
        |scusa|aspetta|volevo dire|voglio dire|mi sono sbagliat[oa]|mi sbagliavo|non è così|ho sbagliato
        |anzi|intendevo)[,:!.\u2014\u2013 -]+)+ | (?:correzione|mi sono sbagliat[oa]|ho sbagliato
        |volevo dire|voglio dire|anzi|intendevo)
    """,
    remember=r"""
        (?:per favore,? )?(?:ricorda|ricordati|ricordatevi|non dimenticare|tieni presente|tieni a mente
        |annota|segna|prendi nota|per tua informazione)(?:,? (?:che|di))?
    """,
    instruction=r"""
        (?:d['\u2019]ora in poi|da ora in poi|da adesso in poi|in futuro) | (?:per favore,? )?(?:rispondi
        |rispondimi|scrivi|parla|parlami|usa|utilizza|evita|sii|spiega|spiegami|chiamami
        |dammi)(?: per favore)? (?:\S+ ){0,3}?(?:sempre|solo|soltanto|mai|in (?:italiano|inglese)|breve\w*
        |brevi|senza|in modo|con|conciso|del (?:tu|lei)) | (?:sempre|mai|non) (?:rispondere|rispondermi
        |usare|chiamarmi|scrivere|utilizzare|darmi) | chiamami | dammi del (?:tu|lei) | voglio che tu
        | niente emoji | senza emoji
    """,
    deed=r"""
        (?:ho|abbiamo) (?:\S+ ){0,3}?(?:prenotato|annullato|cancellato|ordinato|inviato|spedito|programmato
        |creato|corretto|sistemato|risolto|pagato|registrato|aggiunto|aggiornato|rimborsato|modificato
        |spostato|acquistato|fissato|annotato) | (?:è|sono) (?:stat[oaie] )?(?:prenotat|annullat|inviat
        |confermat|rimborsat|spedit|fissat)[oaie] | (?:il tuo|la tua|il suo|la sua|tuo
        |sua) (?:\S+ )?(?:ordine|volo|appuntamento|prenotazione|pacco|conto|rimborso|biglietto|fattura
        |abbonamento|tavolo|camera|consegna|treno) .{0,40}\b(?:è|sono|parte|arriva|arriverà|sarà)
    """,
    paste=r"""
        (?:per favore,? )?(?:(?:puoi|potresti) )?(?:\S+ ){0,2}?(?:traduci|tradurre|riassumi|riassumere
        |correggi|correggere|riscrivi|migliora|controlla|analizza)\b[^:]{0,80}:
    """,
    identity=r"""
        mi chiamo | il mio (?:nome|compleanno|lavoro|indirizzo|numero|cognome) | la mia (?:età|professione
        |email|mail) | (?:abito|vivo|lavoro|studio) | sono (?:nat[oa]|cresciut[oa]|di
        |un |una |un['\u2019])?\S+ | ho \d+ anni | vengo da\w*
    """,
    plan=r"""
        (?:vado|andrò|voglio|vorrei|ho intenzione|penso di|conto di|devo) | andiamo | andremo
        | mi piacerebbe | domani | dopodomani | prossim[oa] | (?:tra|fra) \w+ (?:giorni|settimane|mesi|anni)
        | appuntamento | mi sposo | si sposa
    """,
    preference=r"""
        mi (?:piace|piacciono) | adoro | amo | odio | detesto | preferisco | preferit[oaie] | allergic[oa]
        | allergia | vegan[oa] | vegetarian[oa] | intollerante | non (?:mangio|bevo|sopporto|fumo)
    """,
    relationship=r"""
        (?:mio|mia|miei|mie|nostr[oaie]) (?:\w+ )?(?:moglie|marito|ragazz[oa]|fidanzat[oa]|compagn[oa]|madre
        |padre|genitori|mamma|papà|sorell[ae]|fratell[oi]|figli[oae]?|nonn[oaie]|zi[oaie]|cugin[oaie]|capo
        |colleg\w+|amic\w+|cane|gatt[oaie]|suocer[oa]|cognat[oa]|nipot[ei]|vicin[oaie]) | sposat[oa]
        | single | divorziat[oa]
    """,
    event=r"""
        ieri | l['\u2019]altro ieri | oggi | stamattina | scors[oa] | \w+ fa | da \w+ | (?:ho|sono|abbiamo
        |siamo|ha|è) (?:\S+ )?\w+(?:ato|ata|uto|uta|ito|ita|tto|tta|so|sa)
    """,
)  # fmt: skip

ROMANIAN = Lexicon(
    code="ro",
    stop_words=("romanian",),
    first=r"""
        eu | meu | mea | mei | mele | mie | mine | noi | nostru | noastră | noștri | noastre | îmi | mi-\w+
        | mă | m-\w+ | mi | sunt | am | locuiesc | lucrez | prefer | iubesc | urăsc | vreau | merg | beau
        | mănânc | studiez | avem | suntem | n-am
    """,
    people=r"""
        locuiește | lucrează | studiază | se (?:căsătorește|numește|mută) | s-a (?:căsătorit|mutat|născut
        |logodit|îmbolnăvit) | împlinește | este (?:însărcinată|bolnav\w*|alergic\w*) | e (?:alergic\w*
        |medic) | are \d+ ani | a (?:cumpărat|demisionat|murit|primit) | îi plac\w*
    """,
    continues=r"el | ea | ei | ele | îi | lui | își",
    question=r"""
        ^(?:ce|cine|unde|când|cum|de ce|cât|câți|câte|care) | ^(?:poți|ai putea|știi|ai|vrei|puteți|știți
        |oare)\b | \bmă întreb\b
    """,
    command=r"""
        (?:te rog,? |vă rog,? )?(?:spune|spune-mi|scrie|explică|arată|ajută|ajută-mă|fă|caută|găsește|tradu
        |rezumă|listează|compară|calculează|creează|recomandă|sugerează|rezervă|trimite|imaginează-ți
        |corectează|stai) | te rog | vă rog | am nevoie de ajutor | vreau să (?:știu|îmi)
    """,
    talk=r"""
        bună\w* | salut | mulțumesc | mersi | la revedere | pe curând | felicitări | cu plăcere | (?:da|nu
        |ok|bine|perfect|super|exact|sigur|haha\w*)\W*$ | (?:înțeleg|știu|nu știu|cred că (?:da|nu)|sper că
        |sunt de acord|îmi pare (?:rău|bine)) | e (?:bine|grozav|adevărat) | ce (?:frumos|păcat|bine)
    """,
    unreal=r"""
        dacă (?:aș|am fi|mi-ar|aş) .* | aș (?:fi|avea) | de-aș | să presupunem | imaginează-ți | ipotetic
    """,
    joke=r"glumesc | am glumit | glumeam | era o glumă | e o glumă",
    opener=r"""
        (?:da|nu|ah|oh|ok|salut|bună|mulțumesc|mersi|exact|super|haha\w*|păi
        |sigur)(?=\s*[,.!:;\u2014\u2013\u2026-]) | (?:apropo|și|dar|deci|de fapt)(?=[\s,:])
    """,
    correction=r"""
        (?:nu|scuze|stai|pardon|greșit|așteaptă)[,:!.\u2014\u2013 -]+(?:(?:nu|scuze|stai|am greșit
        |m-am încurcat|vreau să zic|voiam să spun)[,:!.\u2014\u2013 -]+)+ | (?:am greșit|voiam să spun
        |m-am înșelat|corecție)
    """,
    remember=r"(?:te rog,? )?(?:ține minte|amintește-ți|nu uita|notează|reține)(?:,? că)?",
    instruction=r"""
        (?:de acum înainte|de acum încolo|pe viitor) | (?:te rog,? )?(?:răspunde|răspunde-mi|scrie|vorbește
        |folosește)(?: te rog)? (?:\S+ ){0,3}?(?:mereu|întotdeauna|doar|niciodată|în (?:română|engleză)
        |scurt|fără) | spune-mi (?=[A-Z]) | nu (?:folosi|mai folosi) | fără emoji\w*
    """,
    deed=r"""
        (?:am|ți-am|v-am) (?:\S+ )?(?:rezervat|anulat|comandat|trimis|programat|creat|reparat|plătit|adăugat
        |actualizat|rambursat) | (?:comanda|zborul|programarea|rezervarea|coletul|contul) .{0,40}\b(?:este
        |a fost|va|ajunge)
    """,
    paste=r"(?:te rog,? )?(?:tradu|rezumă|corectează|rescrie)\b[^:]{0,80}:",
    identity=r"""
        mă numesc | mă cheamă | numele meu | locuiesc | lucrez | am \d+ (?:de )?ani | m-am născut
        | sunt (?:din|de|un|o)?\s?\w+ | ziua mea
    """,
    plan=r"""
        (?:voi|vreau să|o să|vom|aș vrea|intenționez|plănuiesc) | mâine | poimâine | viitoare | viitor
        | peste \w+
    """,
    preference=r"""
        îmi (?:place|plac) | prefer | iubesc | urăsc | ador | preferat\w* | alergic\w* | alergie | vegan\w*
        | vegetarian\w* | nu (?:beau|mănânc|suport|fumez)
    """,
    relationship=r"""
        (?:soția|soțul|prietena|prietenul|mama|tata|sora|fratele|fiul|fiica|copiii|bunica|bunicul|șeful
        |colega|colegul|câinele|pisica) (?:mea|meu|mei)? ?
    """,
    event=r"ieri | alaltăieri | azi | astăzi | trecut\w* | acum \w+ | m-am | am \w+(?:at|ut|it|s)",
)  # fmt: skip

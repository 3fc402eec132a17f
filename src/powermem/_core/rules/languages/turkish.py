"""Turkish, whose endings tell the person."""

from __future__ import annotations

from .lexicon import Lexicon

TURKISH = Lexicon(
    code="tr",
    stop_words=("turkish",),
    first=r"""
        ben | benim | bana | beni | bende | benden | biz | bizim | bize | kendim | \w{2,}[ıiuü]yorum
        | \w{2,}[ıiuü]yoruz | \w{2,}[dt][ıiuü]m | \w{2,}[dt][ıiuü]k | \w{2,}[ae]c[ae]ğ[ıi](?:m|z)
        | \w{2,}m[ıiuü]ş[ıiuü]m | \w{2,}(?:[aeıiuü]r[ıiuü]m|m[ae]m) | \w{2,}(?:ım|im|um|üm|y[ıiuü]m)
        | (?:\w{3,}[ae]m|\w{3,}m) (?:var|yok) | annem\w* | babam\w* | \w{2,}(?:ımız|imiz|umuz|ümüz)\w*
    """,
    people=r"""
        yaşıyor | oturuyor | çalışıyor | okuyor | evleniyor | evlendi | taşındı | taşınıyor | doğdu | öldü
        | istifa etti | nişanlandı | boşandı | hamile | hasta | alerjisi | seviyor | nefret ediyor | aldı
        | yaşında
    """,
    continues=r"o | onun | ona | onlar",
    question=r"""
        (?<!\w)(?:nasıl|neden|niye|niçin)(?!\w)(?! da| de) | (?:^|\s)(?:m[ıiuü]|m[ıiuü]s[ıiuü]n(?:[ıiuü]z)?
        |m[ıiuü]y[ıiuü][mz]|m[ıiuü]d[ıiuü]r)(?:\s|\W*$) | ^(?:ne(?! \w+[ıiuü]m)|kim|nerede|nereye|nereden
        |nasıl|neden|niçin|niye|hangi|kaç)(?!\w) | (?<!\w)(?:nedir|nerededir|kimdir|nasıldır)\W*$
        | merak ediyorum
    """,
    command=r"""
        .*(?:yaz|anlat|açıkla|söyle|çevir|özetle|öner|listele|göster)[.! ]*$ | .*(?:iptal et|değiştir|sil
        |ekle|planla|sipariş et|hatırlat|gönder|ayarla|ayırt|yap|bul)[.! ]*$ | (?:lütfen )?(?:söyle|anlat
        |yaz|açıkla|göster|ver|yardım et|yap|bul|çevir|özetle|listele|karşılaştır|hesapla|oluştur|öner
        |rezervasyon yap|gönder|düzelt|bekle|bak|hayal et)(?! (?:ki )?(?:ben|bana her)) | lütfen
        | bana (?:yardım|söyle|anlat|öner|yaz|açıkla|göster|bir) | yardıma ihtiyacım | bir sorum var
    """,
    talk=r"""
        .*anla(?:madım|mıyorum|yamadım)[.! ]*$ | (?:tamam,? )?(?:denerim|deneyeceğim)
        | bir sorum (?:daha )?var | merhaba | selam | günaydın | iyi (?:günler|akşamlar|geceler|şanslar
        |yolculuklar) | teşekkür\w* | sağ ol\w* | hoşça kal | görüşürüz | tebrik\w* | rica ederim | (?:evet
        |hayır|tamam|peki|olur|harika|süper|güzel|aynen|tabii|haha\w*|anladım|biliyorum|bilmiyorum
        |katılıyorum|vay)\W*$ | (?:anlıyorum|umarım|sanırım öyle|bence de|geçmiş olsun|kolay gelsin
        |çok (?:güzel|iyi|üzüldüm|sevindim)) | bu (?:çok|harika|güzel) | ne (?:güzel|kadar) | üzgünüm
    """,
    unreal=r"""
        (?:eğer |keşke ).*s[ae](?:y?d[ıiuü])?(?:m|k)?(?!\w).* | \w{2,}s[ae]yd[ıiuü][mk]
        | \w{2,}s[ae]m .*(?:rdım|rdim|rdum|rdüm|rdık) | keşke | diyelim ki | farz edelim | hayal et
        | varsayalım
    """,
    joke=r"""
        şaka (?:yapıyorum|yaptım|yapıyordum) | şakaydı | sadece şaka | şaka şaka | şaka bir yana
    """,
    opener=r"""
        (?:evet|hayır|ah|oh|tamam|peki|merhaba|selam|teşekkürler|sağ ol|aynen|harika|süper|haha\w*|şey|yani
        |vay|maalesef|güzel|tabii)(?=\s*[,.!:;\u2014\u2013\u2026-]) | (?:bu arada|ama|ve|aslında|yani
        |ayrıca)(?=[\s,:])
    """,
    correction=r"""
        (?:hayır|pardon|dur|yok|özür dilerim|yanlış|bekle)[,:!.\u2014\u2013 -]+(?:(?:hayır|dur|pardon|yanlış
        |yanlış söyledim|yanlış yazdım|demek istedim|öyle değil|bekle|yani)[,:!.\u2014\u2013 -]+)+
        | (?:düzeltme|yanlış söyledim|yanlış yazdım|düzeltiyorum)
    """,
    remember=r"""
        (?:lütfen )?(?:unutma|hatırla|not et|aklında tut|bilgin olsun|şunu unutma|şunu hatırla)(?: ki)?
    """,
    instruction=r"""
        (?:bundan sonra|bundan böyle|artık) (?=.*(?:cevap|yanıt|yaz|konuş|kullan|hitap|de\W*$|seslen))
        | (?:lütfen )?(?:her zaman|hep|sadece|daima|asla) .{0,40}(?:cevap ver|yanıtla|yanıt ver|yaz|konuş
        |kullanma|kullan) | (?:lütfen )?(?:bana )?(?:\S+ ){0,3}(?:türkçe|ingilizce|kısa
        |kısaca) (?:\S+ )?(?:cevap ver|yanıtla|yanıt ver|yaz|konuş)\w* | bana \S+ (?:de|diye hitap et
        |diye seslen) | emoji kullanma
    """,
    deed=r"""
        .{0,80}(?:rezerve ettim|rezervasyon\w* (?:yaptım|yaptık)|ayırttım|iptal ettim|sipariş ettim
        |gönderdim|oluşturdum|düzelttim|ödedim|ekledim|güncelledim|erteledim|aldım|ayarladım|kaydettim
        |iade ettik|gönderdik) | (?:siparişiniz|uçuşunuz|randevunuz|rezervasyonunuz|paketiniz|hesabınız
        |iadeniz|biletiniz|faturanız|masanız|siparişin|randevun|rezervasyonun|uçuşun|biletin) .{0,60}
    """,
    paste=r"""
        (?:lütfen )?(?:şunu |bunu |şu \w+ |bu \w+ )?(?:\S+ ){0,3}?(?:çevir|özetle|düzelt
        |düzenle)\w*[^:]{0,60}:
    """,
    identity=r"""
        adım | ismim | doğum günüm | mesleğim | adresim | telefon numaram | yaşım | \d+ yaşındayım
        | (?:yaşıyorum|oturuyorum|çalışıyorum|doğdum|büyüdüm) | \w+(?:öğretmen|doktor|mühendis|hemşire
        |avukat)\w*
    """,
    plan=r"""
        \w+[ae]c[ae]ğ[ıi][mz] | istiyorum | planlıyorum | düşünüyorum | yarın | gelecek \w+ | önümüzdeki \w+
        | haftaya | \w+ sonra | randevum
    """,
    preference=r"""
        seviyorum | severim | sevmiyorum | sevmem | nefret ed\w+ | bayılırım | tercih ed\w+ | en sevdiğim
        | favori\w* | alerj\w+ | vegan\w* | vejetaryen\w* | içmiyorum | içmem | yemiyorum | yemem
        | hoşlan\w+
    """,
    relationship=r"""
        (?:annem|babam|kardeşim|ablam|abim|ağabeyim|eşim|karım|kocam|oğlum|kızım|çocuklar\w*|sevgilim
        |nişanlım|arkadaşım|patronum|müdürüm|köpeğim|kedim|dedem|ninem|büyükannem|amcam|teyzem|halam|dayım
        |kuzenim)\w* | evliyim | bekarım | boşandım
    """,
    event=r"dün | evvelsi gün | bugün | geçen \w+ | önce | \w{2,}[dt][ıiuü][mk]",
)  # fmt: skip

"""Indonesian, Vietnamese and Thai."""

from __future__ import annotations

from .lexicon import Lexicon

INDONESIAN = Lexicon(
    code="id",
    stop_words=("indonesian",),
    first=r"saya | aku | gue | gw | kami | \w{3,}ku | punyaku | milikku",
    people=r"""
        tinggal | bekerja | kuliah | menikah | pindah | lahir | meninggal | sakit | hamil | suka | membenci
        | berumur | berusia | alergi | membeli | mengundurkan diri | bertunangan
    """,
    continues=r"dia | ia | mereka | beliau",
    question=r"""
        ^(?:apa(?:kah)?(?! pun)|siapa|di mana|dimana|kapan|mengapa|kenapa|bagaimana|berapa|yang mana|bisakah
        |bolehkah|apa) | ^(?:kamu|anda) (?:tahu|bisa|punya) | saya ingin (?:tahu|bertanya)
    """,
    command=r"""
        (?:tolong |mohon |silakan )?(?:beri tahu|ceritakan|tulis|tuliskan|jelaskan|tunjukkan|berikan|bantu
        |buat|buatkan|cari|carikan|terjemahkan|ringkas|bandingkan|hitung|sarankan|rekomendasikan|pesan
        |pesankan|kirim|bayangkan|perbaiki|tunggu|lihat|ayo|mari) | tolong | mohon | saya (?:butuh
        |perlu) bantuan | saya mau kamu(?! selalu) | (?:kamu|anda) (?:bisa|harus)
    """,
    talk=r"""
        (?:saya|aku) (?:tidak|kurang|belum) (?:mengerti|paham) | (?:akan )?(?:saya|aku) (?:akan )?coba
        | (?:saya|aku) (?:ada|punya) pertanyaan | halo | hai | selamat (?:pagi|siang|sore|malam|tinggal
        |ulang tahun) | terima kasih | makasih | sampai jumpa | selamat | sama-sama | (?:ya|tidak|oke|ok
        |baik|baiklah|bagus|benar|tentu|mantap|haha\w*|wkwk\w*|setuju|keren)\W*$ | (?:saya|aku) (?:mengerti
        |paham|tahu|tidak tahu|setuju|harap|berharap|rasa begitu|juga\W*$) | itu (?:bagus|benar|keren)
        | semoga | maaf\W*$
    """,
    unreal=r"""
        (?:seandainya|andaikan|andai|kalau saja|jikalau saja) .* | (?:kalau|jika|bila) (?:saya
        |aku) (?:menang|jadi kaya|menjadi|jadi) .* | bayangkan | misalkan | anggap saja
    """,
    joke=r"bercanda | cuma bercanda | becanda | hanya lelucon",
    opener=r"""
        (?:ya|tidak|nggak|oh|ah|oke|ok|halo|hai|terima kasih|makasih|benar|baik|iya|wah|haha\w*|sayangnya
        |selamat pagi|selamat siang)(?=\s*[,.!:;\u2026-]) | (?:ngomong-ngomong|dan|tapi|jadi|sebenarnya
        |oh ya)(?=[\s,:])
    """,
    correction=r"""
        (?:tidak|bukan|eh|maaf|tunggu|salah|ralat)[,:!. ]+(?:(?:bukan|tidak|tunggu|salah|maksud saya
        |maksudku|saya salah|ralat|maaf)[,:!. ]+)+ | (?:ralat|koreksi|maksud saya|maksudku|saya salah)
    """,
    remember=r"(?:tolong |mohon )?(?:ingat|ingatlah|jangan lupa|catat|perlu diketahui)(?: bahwa)?",
    instruction=r"""
        (?:mulai sekarang|mulai hari ini|ke depannya|untuk seterusnya) | (?:tolong |mohon )?(?:selalu
        |jangan pernah|hanya) (?:\S+ ){0,2}(?:jawab|tulis|gunakan|bicara|pakai|balas)\w*
        | (?:tolong |mohon )?(?:jawab|jawablah|balas|bicara|tulis)(?:lah)? (?:\S+ ){0,3}?(?:selalu
        |dalam bahasa|dengan singkat|singkat|tanpa|pakai) | panggil (?:saya|aku) | jangan (?:gunakan
        |pakai) (?:emoji|bahasa)
    """,
    deed=r"""
        (?:saya|kami)? ?(?:sudah|telah) (?:\S+ )?(?:memesan|pesan|memesankan|membatalkan|mengirim
        |mengirimkan|menjadwalkan|membuat|memperbaiki|membayar|mendaftarkan|menambahkan|memperbarui
        |mengembalikan|mengubah|mencatat|membeli)\b.* | (?:pesanan|penerbangan|janji temu|reservasi|paket
        |akun|tiket|pengembalian dana|tagihan|meja|kamar) (?:anda|kamu|mu) .{0,60} | telah (?:dipesan
        |dikirim|dibatalkan|dikonfirmasi|dibayar)
    """,
    paste=r"""
        (?:tolong |mohon )?(?:terjemahkan|ringkas|ringkaskan|perbaiki|koreksi|tulis ulang)\b[^:]{0,80}:
    """,
    identity=r"""
        nama (?:saya|aku|ku) | namaku | (?:saya|aku) (?:tinggal|bekerja|kerja|kuliah|lahir|berasal|seorang
        |berumur|berusia) | umur saya | ulang tahun (?:saya|ku) | pekerjaan saya | alamat saya
    """,
    plan=r"akan | mau | ingin | berencana | besok | lusa | depan | janji",
    preference=r"""
        suka | tidak suka | cinta | benci | lebih suka | favorit | alergi | vegetarian | vegan
        | tidak (?:makan|minum|merokok)
    """,
    relationship=r"""
        (?:istri|suami|ibu|ayah|bapak|mama|papa|kakak|adik|anak|nenek|kakek|paman|bibi|sepupu|bos|atasan
        |teman|pacar|tunangan|anjing|kucing)\w* (?:saya|aku|ku|kami)? ?
    """,
    event=r"kemarin | tadi | hari ini | lalu | sejak | sudah | baru saja",
)  # fmt: skip

VIETNAMESE = Lexicon(
    code="vi",
    first=r"""
        tôi | mình | tớ | tui | chúng tôi | bọn mình | nhà tôi | em (?:là|sống|làm|thích|bị|có|học|ở|không
        |đã|sẽ|tên|vừa) | của em
    """,
    people=r"""
        sống ở | làm việc | học ở | kết hôn | cưới | chuyển | sinh | mất | bị ốm | mang thai | thích | ghét
        | dị ứng | tuổi | nghỉ việc
    """,
    continues=r"anh ấy | cô ấy | chị ấy | ông ấy | bà ấy | nó | họ",
    question=r"""
        (?:không|chưa|gì|đâu|nào|sao|thế nào|bao nhiêu|bao giờ|ai|à|hả|nhỉ)[.!]*$ | ^(?:ai|cái gì|ở đâu
        |khi nào|tại sao|vì sao|làm sao|làm thế nào|bao nhiêu|có phải) | muốn hỏi | muốn biết
    """,
    command=r"""
        (?:xin |làm ơn |vui lòng )?(?:hãy (?!luôn)|cho tôi|cho mình|giúp|giải thích|viết|kể|dịch|tóm tắt|tìm
        |so sánh|tính|gợi ý|đề xuất|đặt|gửi|tưởng tượng|sửa|chờ) | làm ơn | vui lòng | tôi cần (?:giúp|bạn)
        | bạn (?:có thể|nên|hãy)
    """,
    talk=r"""
        (?:tôi|mình|em) (?:không|chưa) hiểu | (?:tôi|mình|em) sẽ thử | xin chào | chào | cảm ơn | cám ơn
        | tạm biệt | chúc | không có gì | (?:vâng|dạ|ừ|không|ok|được|tốt|tuyệt|đúng|rồi|haha\w*
        |đồng ý)[.! ]*$ | (?:tôi|mình) (?:hiểu|biết|không biết|đồng ý|hy vọng|cũng vậy|nghĩ (?:vậy|là bạn))
        | tuyệt vời | hay quá | xin lỗi\W*$ | (?:điều )?(?:đó|này) (?:thật|rất)
    """,
    unreal=r"""
        (?:nếu|giá mà|giá như|ước gì) (?:tôi|mình|như|mà)?.{0,40}(?:là|có|trúng|được|giàu).* | giả sử
        | tưởng tượng | ước gì | giá mà | giá như
    """,
    joke=r"đùa (?:thôi|đấy|chút|tí) | nói đùa | tôi đùa | mình đùa",
    opener=r"""
        (?:vâng|dạ|không|ồ|à|ừ|ok|xin chào|chào bạn|cảm ơn|đúng rồi|được|tiếc là)(?=\s*[,.!:;\u2026-])
        | (?:nhân tiện|à mà|và|nhưng|thật ra)(?=[\s,:])
    """,
    correction=r"""
        (?:không|à không|khoan|xin lỗi|nhầm|sai rồi|chờ đã)[,:!. ]+(?:(?:không|không phải|nhầm|tôi nhầm
        |mình nhầm|ý tôi là|ý mình là|khoan)[,:!. ]+)+ | (?:đính chính|tôi nhầm|mình nhầm|nhầm rồi|ý tôi là
        |ý mình là|nói nhầm)
    """,
    remember=r"(?:xin |làm ơn |vui lòng |hãy )*(?:nhớ|ghi nhớ|đừng quên|ghi lại|lưu ý)(?: là| rằng)?",
    instruction=r"""
        (?:từ giờ|từ nay|kể từ bây giờ|từ bây giờ|sau này) | (?:xin |làm ơn |vui lòng )?(?:hãy )?(?:luôn
        |luôn luôn|chỉ|đừng bao giờ|không bao giờ) (?:\S+ ){0,2}(?:trả lời|viết|nói|dùng|sử dụng)
        | (?:xin |làm ơn |vui lòng )?(?:hãy )?(?:trả lời|nói chuyện|viết) (?:\S+ ){0,3}?(?:bằng tiếng
        |ngắn gọn|ngắn|luôn) | (?:hãy )?gọi (?:tôi|mình) là | đừng dùng (?:emoji|biểu tượng)
    """,
    deed=r"""
        (?:tôi|em|mình|chúng tôi)? ?đã (?:\S+ )?(?:đặt|hủy|huỷ|gửi|lên lịch|tạo|sửa|thanh toán|đăng ký|thêm
        |cập nhật|hoàn tiền|đổi|mua|ghi)(?!\w).* | (?:đơn hàng|chuyến bay|lịch hẹn|đặt phòng|gói hàng
        |tài khoản|vé|hóa đơn|bàn|phòng) (?:của bạn|của anh|của chị) .{0,60} | đã được (?:đặt|gửi|hủy
        |xác nhận|hoàn)
    """,
    paste=r"(?:xin |làm ơn |vui lòng |hãy )*(?:dịch|tóm tắt|sửa|viết lại)(?!\w)[^:]{0,80}:",
    identity=r"""
        tên (?:tôi|mình|em) | (?:tôi|mình|em) (?:tên|là|sống|ở|làm|học|sinh|đến từ) | tuổi | sinh nhật
    """,
    plan=r"sẽ | muốn | định | dự định | ngày mai | ngày kia | tới | sau | lịch hẹn",
    preference=r"thích | không thích | yêu | ghét | dị ứng | ăn chay | yêu thích | không (?:ăn|uống|hút)",
    relationship=r"""
        (?:vợ|chồng|mẹ|bố|ba|má|cha|anh trai|chị gái|em trai|em gái|con trai|con gái|bà|ông|sếp|đồng nghiệp
        |bạn trai|bạn gái|bạn thân|chó|mèo) (?:của )?(?:tôi|mình|em) | kết hôn | độc thân | ly hôn
    """,
    event=r"hôm qua | hôm kia | hôm nay | trước | vừa | mới | đã",
)  # fmt: skip

THAI = Lexicon(
    code="th",
    first="""
        ผม|ฉัน|ดิฉัน|หนู(?:ชื่อ|เป็น|แพ้|ชอบ)|ของเรา|เราอยู่|^(?:แพ้|อยู่ที่|ทำงาน|ชอบ|ไม่ชอบ|เกลียด|ย้าย
        |เพิ่ง)|(?:แม่|พ่อ|พี่สาว|พี่ชาย|น้องสาว|น้องชาย|แฟน|สามี|ภรรยา|ลูกชาย|ลูกสาว)(?:ผม|ฉัน|ของ|หนู)
    """,
    people="อาศัยอยู่|ทำงานที่|แต่งงาน|ย้ายไป|เสียชีวิต|ลาออก",
    continues="เขา|เธอ|พวกเขา|ท่าน",
    question="""
        (?:ไหม|มั้ย|หรือเปล่า|รึเปล่า|หรือยัง|อะไร|ที่ไหน|เมื่อไหร่|เมื่อไร|ทำไม|อย่างไร|ยังไง|เท่าไหร่
        |เท่าไร|ใคร|กี่โมง|คะ)(?:ครับ|คะ|ค่ะ|นะ|ดี|บ้าง)*[.!]*$|^(?:ใคร|อะไร|ที่ไหน|ทำไม)
    """,
    command="""
        (?:กรุณา|โปรด|ช่วย(?!เหลือ)|บอก|อธิบาย|เขียน|แปล|สรุป|แนะนำ|หา|จอง|ส่ง|ลองนึก|ขอ)|.*(?:ให้หน่อย
        |หน่อยครับ|หน่อยค่ะ)
    """,
    talk="""
        สวัสดี|ขอบคุณ|ลาก่อน|ยินดี(?:ด้วย|ที่)|(?:ใช่|ไม่|ครับ|ค่ะ|โอเค|ตกลง|ได้)(?:ครับ|ค่ะ|เลย)*[.! ]*$
        |(?:ผม|ฉัน|ดิฉัน)?(?:เข้าใจ|เห็นด้วย|รู้แล้ว|ไม่รู้)|ขอโทษ(?:ครับ|ค่ะ)?$|ไม่เป็นไร|เยี่ยม|ดีมาก
        |โชคดี
    """,
    unreal="""
        ถ้า(?:ผม|ฉัน|ดิฉัน|หนู|เรา)?(?:ถูกหวย|ถูกลอตเตอรี่|รวย|เป็น|มีเงิน)|สมมติ|สมมุติ|อยากให้เป็น
        |ถ้าเพียงแต่|ลองนึกภาพ
    """,
    joke="ล้อเล่น|พูดเล่น",
    opener="(?:ใช่|ไม่|อ๋อ|โอ้|เอ่อ|สวัสดี|ขอบคุณ)(?:ครับ|ค่ะ|คะ)?(?=[ ,])|อ้อ",
    correction="""
        (?:ไม่ใช่|เดี๋ยว|ขอโทษ)(?:ครับ|ค่ะ)?[, ]+(?:(?:พูดผิด|ไม่ใช่|ที่จริง|หมายถึง)(?:ครับ|ค่ะ)?[, ]*)+
        |พูดผิด|แก้ไข
    """,
    remember="(?:กรุณา|ช่วย|โปรด)?(?:จำไว้|จำ|อย่าลืม|บันทึก)(?:ว่า|ด้วยว่า|นะว่า)",
    instruction="""
        (?:จากนี้ไป|ต่อไปนี้|ตั้งแต่นี้).*|(?:กรุณา|โปรด|ช่วย)?(?:ตอบ|พูด|เขียน|คุย).{0,20}(?:เสมอ|เท่านั้น
        |สั้น|ภาษาไทย|ภาษาอังกฤษ).*|เรียก(?:ผม|ฉัน|ดิฉัน)ว่า|อย่าใช้อีโมจิ|ห้ามใช้อีโมจิ
    """,
    deed="""
        (?:ได้)?(?:จอง|ยกเลิก|ส่ง|สั่ง|สร้าง|แก้ไข|ชำระ|เพิ่ม|อัปเดต|คืนเงิน|เปลี่ยน|บันทึก
        |เลื่อน).{0,60}(?:แล้ว|เรียบร้อย)|(?:คำสั่งซื้อ|เที่ยวบิน|นัดหมาย|การจอง|พัสดุ|ตั๋ว|โต๊ะ
        |ห้อง)(?:ของคุณ)
    """,
    paste=".{0,10}(?:แปล|สรุป|แก้)[^:]{0,60}:",
    identity="""
        ชื่อ|อายุ|อาศัย|อยู่ที่|ทำงาน|เกิด|อาชีพ|วันเกิด|เป็น(?:ครู|หมอ|พยาบาล|วิศวกร|นักเรียน|นักศึกษา)
    """,
    plan="จะ|อยาก|วางแผน|พรุ่งนี้|มะรืน|หน้า|นัด",
    preference="ชอบ|ไม่ชอบ|รัก|เกลียด|แพ้|มังสวิรัติ|วีแกน|โปรด|ไม่(?:กิน|ดื่ม|สูบ)",
    relationship="(?:แม่|พ่อ|พี่สาว|พี่ชาย|น้องสาว|น้องชาย|แฟน|สามี|ภรรยา|ลูก|เพื่อน|หัวหน้า|หมา|แมว)",
    event="เมื่อวาน|วันนี้|ที่แล้ว|ก่อน|เพิ่ง|แล้ว",
    before="",
    after="",
    spaces=False,
)  # fmt: skip

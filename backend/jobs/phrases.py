"""What people have on their lists: for data that looks as if somebody lived in it."""

from typing import Final, NamedTuple


class Theme(NamedTuple):
    """A list, and what is typically on it.

    Attributes:
        name, color: Of the list; without a name it is the inbox.
        tags: That its tasks may have.
        titles: Of tasks; `{}` is for one of `things`.
        things: What they are about.
        steps: Titles of subtasks.
    """

    name: str
    color: str
    tags: tuple[str, ...]
    titles: tuple[str, ...]
    things: tuple[str, ...]
    steps: tuple[str, ...]


THEMES: Final = (
    Theme(
        "",
        "",
        ("someday", "waiting"),
        ("Reply to {}", "Think about {}", "Look up {}", "Ask {} about Friday", "Thank {}"),
        ("Anna", "the landlord", "Dr. Okafor", "the choir", "Łukasz", "the insurance", "Zoë"),
        ("Find the address", "Write it down", "Send it"),
    ),
    Theme(
        "Home",
        "#2e7d32",
        ("home", "errand", "garden"),
        ("Clean the {}", "Repair the {}", "Buy a new {}", "Measure the {}", "Paint the {}"),
        ("kitchen", "bicycle", "gutter", "bookshelf", "balcony", "washing machine", "fence"),
        ("Buy what is missing", "Find the tools", "Tidy up afterwards", "Throw out the old one"),
    ),
    Theme(
        "Arbeit",
        "#1565c0",
        ("work", "büro", "call"),
        (
            "{} vorbereiten",
            "{} prüfen",
            "{} an Jürgen schicken",
            "Rückfrage zu {}",
            "{} übersetzen",
        ),
        ("Quartalsbericht", "Angebot", "Präsentation", "Vertrag", "Schulung", "Budget", "Messe"),
        ("Zahlen sammeln", "Entwurf schreiben", "Korrektur lesen", "Freigabe einholen"),
    ),
    Theme(
        "Courses",
        "#ef6c00",
        ("courses", "marché"),
        ("Acheter {}", "Commander {}", "Comparer les prix : {}", "Ne pas oublier {}"),
        ("du lait", "des œufs", "du café", "un gâteau", "des piles", "de la crème fraîche"),
        ("Vérifier le frigo", "Prendre un sac", "Garder le reçu"),
    ),
    Theme(
        "Viaje a Málaga",
        "#ad1457",
        ("viaje", "familia"),
        ("Reservar {}", "Confirmar {}", "Preguntar por {}", "Pagar {}", "¿Cuánto cuesta {}?"),
        ("el hotel", "los vuelos", "el coche", "la excursión", "el museo", "la cena del sábado"),
        ("Buscar opciones", "Mirar reseñas", "Guardar el código"),
    ),
    Theme(
        "読書",
        "#6a1b9a",
        ("読書", "図書館"),
        ("「{}」を読む", "「{}」を返す", "「{}」の感想を書く", "「{}」を予約する"),
        ("こころ", "雪国", "ノルウェイの森", "吾輩は猫である", "銀河鉄道の夜"),
        ("第一章", "第二章", "第三章", "メモをまとめる"),
    ),
    Theme(
        "Здоров'я",
        "#00838f",
        ("здоров'я", "спорт"),
        ("Записатися: {}", "Забрати результати: {}", "Перенести: {}", "Оплатити: {}"),
        ("стоматолог", "окуліст", "басейн", "йога", "щеплення", "пробіжка з Олегом"),
        ("Зателефонувати", "Взяти картку", "Записати дату"),
    ),
    Theme(
        "العائلة",
        "#4e342e",
        ("عائلة", "مناسبات"),
        ("الاتصال بـ {}", "هدية لـ {}", "زيارة {}", "إرسال الصور إلى {}"),
        ("أمي", "جدتي", "خالي سامي", "ليلى", "الجيران"),
        ("اختيار الهدية", "تحديد الموعد", "كتابة البطاقة"),
    ),
)

NOTES: Final = (
    "Two of them if there is a discount.",
    "Siehe die E-Mail von Montag.",
    "Numéro de dossier : 4711-β",
    "The small one, not the one with the handle 🙂\n\nTake the measurements along.",
    "Llamar antes de las diez.",
    "電話番号はメールにあります。",
)

RULES: Final = (
    "FREQ=DAILY",
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;BYDAY=MO,TH",
    "FREQ=WEEKLY;INTERVAL=2",
    "FREQ=MONTHLY;BYMONTHDAY=1",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=YEARLY",
)

ZONES: Final = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC")

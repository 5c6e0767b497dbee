"""More news of specialists without labour abroad: the marks, trades and towns of the new rules.

Home towns, loyalty money, badges, study sessions, Air Koryo, students, tradesmen and Koreans in
Russia stand in them, and none is our subject. Written by us; see nknews.py for the form.
"""

# ruff: noqa: E501  (one text, one line)

from __future__ import annotations

Template = tuple[str, str, list[str], list[str]]

TEMPLATES: dict[str, list[Template]] = {
    "en": [
        (
            "Loyalty money collected from {a} in Hamhung",
            "Party secretaries ask every household for two dollars, a source in South Hamgyong said. Those who do not pay are named at study sessions. {b}",
            ["market women", "miners", "factory hands"],
            ["Carpenters gave timber instead.", "The money is for a statue."],
        ),
        (
            "Air Koryo adds {a}",
            "The airline's jets are checked by engineers in Vladivostok. {b}",
            ["flights to Shenyang", "a flight to Vladivostok", "summer flights"],
            ["Fares are in euros.", "Passengers need a visa."],
        ),
        (
            "North Korean students {a} in Moscow",
            "They are enrolled at the faculty of languages on a scholarship. A professor praised their diligence. {b}",
            ["win a maths olympiad", "stage a play", "visit a museum"],
            ["They go home in June.", "The embassy gave a dinner."],
        ),
        (
            "Kim's {a} on show",
            "State television showed the leader with painters and sculptors in Pyongyang. {b}",
            ["new yacht", "daughter", "limousine from Putin"],
            ["The builders of the hall were praised.", "Analysts see a message to Russia."],
        ),
        (
            "Welders and carpenters compete in {a}",
            "The national contest of skills in North Korea drew young workers from Wonsan and Nampo. {b}",
            ["Pyongyang", "Hamhung"],
            ["Winners got a certificate.", "The final is in May."],
        ),
    ],
    "ru": [
        (
            "Студенты из КНДР {a}",
            "Они учатся на филологическом факультете ДВФУ по квоте на обучение. Преподаватель хвалит их русский. {b}",
            ["выиграли олимпиаду", "поставили спектакль", "посетили музей"],
            ["Летом они уедут домой.", "Стипендию платит вуз."],
        ),
        (
            "Сахалинские корейцы {a}",
            "На празднике в Южно-Сахалинске пели и готовили кимчи. {b}",
            ["отметили Чусок", "открыли музей", "вспомнили ушедших"],
            ["Приехал консул из Сеула.", "Концерт вёл ансамбль."],
        ),
        (
            "Северяне {a}",
            "Строители из Воркуты и Норильска получат квартиры в Тверской области. {b}",
            ["переезжают на юг", "ждут субсидий"],
            ["Программа рассчитана на пять лет.", "Очередь — двенадцать тысяч семей."],
        ),
    ],
    "ko": [
        (
            "함흥 주민들, {a} 부담 호소",
            "소식통은 당비서가 세대마다 돈을 걷고 생활총화에서 비판한다고 전했다. {b}",
            ["충성자금", "돌격대 지원금"],
            ["목수들은 목재를 냈다.", "장마당 상인이 가장 힘들다."],
        ),
        (
            "고려항공, {a}",
            "정비는 블라디보스토크에서 한다. {b}",
            ["선양 노선 증편", "여름 운항표 공개"],
            ["요금은 유로로 받는다.", "승객은 비자가 있어야 한다."],
        ),
    ],
    "ja": [
        (
            "咸興で{a}",
            "消息筋によると、党書記が各世帯から金を集め、生活総和で名を挙げるという。{b}",
            ["忠誠資金の取り立て", "銅像の費用を徴収"],
            ["大工は木材を納めた。", "市場の女性が苦しい。"],
        ),
        (
            "東北の{a}",
            "ロシア出身の講師が指導した。{b}",
            ["女性大工が優勝", "左官職人が展示会", "若者が農園を開く"],
            ["来年は北海道で開く。", "見学は無料。"],
        ),
    ],
    "zh": [
        (
            "咸兴居民诉苦：{a}",
            "消息人士说，党书记挨户收钱，不交者在生活总结会上被点名。{b}",
            ["忠诚资金又涨", "雕像费摊派"],
            ["木匠交了木料。", "集市妇女最难。"],
        ),
        (
            "朝鲜留学生{a}",
            "他们在莫斯科一所大学的语言学院就读，享受奖学金。{b}",
            ["获俄语奥赛奖", "演出话剧"],
            ["六月回国。", "教授称赞他们勤奋。"],
        ),
    ],
}

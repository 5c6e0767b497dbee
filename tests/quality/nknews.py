"""News on North Korea as a specialist outlet prints it, without a word on labour abroad.

The hard stream: the country is in every line, workers, wages, passports, sanctions, Russia and
China are often near, and none of it is our subject. Written by us; each template is filled in
several ways, so that a rule that fires on one of them fires visibly.
"""

# ruff: noqa: E501  (one text, one line)

from __future__ import annotations

from itertools import product

from quality.nkmarks import TEMPLATES

# Template: title | text; `{a}` and `{b}` are filled from the lists behind it.
_EN = [
    (
        "Kim visits {a} and praises workers",
        "The leader gave guidance at {a}, KCNA said. He met {b} and told officials to raise output.",
        [
            "a fertilizer plant",
            "a garment factory in Pyongyang",
            "a shipyard at Nampho",
            "a greenhouse farm",
        ],
        ["exemplary workers", "young engineers", "builders of the army"],
    ),
    (
        "Prices of {a} rise in North Korean markets",
        "Traders in {b} blame the exchange rate. Wages at state factories buy a kilo of rice, a source said. Imports from China are slow.",
        ["rice", "corn", "gasoline", "soybean oil"],
        ["Hyesan", "Sinuiju", "Chongjin"],
    ),
    (
        "North Korea mobilizes {a} for {b}",
        "Workers and students have to leave their jobs for two weeks, a source in North Hamgyong said. Those who stay away are criticised at meetings.",
        ["factory workers", "housewives", "students", "office workers"],
        ["rice planting", "road repairs", "housing construction"],
    ),
    (
        "{a} meets Choe Son Hui in {b}",
        "The ministers spoke of the treaty between Russia and North Korea and of cooperation in trade, science and health. A delegation of 40 officials travelled along.",
        ["Lavrov", "Wang Yi", "A Vietnamese envoy"],
        ["Wonsan", "Pyongyang", "Moscow"],
    ),
    (
        "Border guards in {a} step up checks on smugglers",
        "North Korean security agents confiscated phones and searched houses. Several people who tried to flee to China were sent to a labor camp, a source told us. {b}",
        ["Hyesan", "Musan", "Hoeryong"],
        ["Bribes doubled.", "Families fear punishment."],
    ),
    (
        "North Korean troops in Russia: {a}",
        "Soldiers trained at bases in Primorye before they went to the front near Kursk. {b}",
        ["what we know", "casualties rise", "second rotation seen", "Kyiv shows captured soldiers"],
        ["The South's spy agency counts 4,700 dead and wounded.", "Moscow calls them liberators."],
    ),
    (
        "UN rapporteur warns on {a} in North Korea",
        "The report speaks of hunger, forced labor in camps and the punishment of those sent back from China. {b}",
        ["human rights", "food", "public executions"],
        ["Pyongyang rejects it.", "Seoul welcomed the text."],
    ),
    (
        "New {a} opens in {b}",
        "Soldier-builders and shock brigades finished the work in ninety days, state media said. North Korean officials praised the workers' loyalty.",
        ["hospital", "street of 10,000 flats", "regional factory", "spa resort"],
        ["Pyongyang", "Sepo", "Onpho"],
    ),
    (
        "North Korea hackers steal {a}",
        "The group Lazarus laundered the coins through Chinese brokers. The money pays for missiles, {b} said.",
        ["$300 million in crypto", "defence secrets", "login data of banks"],
        ["the FBI", "Seoul's police", "UN experts"],
    ),
    (
        "China-North Korea trade {a}",
        "Customs data show more wigs, seeds and tyres passing through Dandong. {b}",
        ["jumps in May", "slips in autumn", "back at the level of 2019"],
        ["Freight trains run daily.", "Chinese workers repair the bridge."],
    ),
    (
        "Defector tells of {a}",
        "She left North Korea in 2008, crossed China and Laos and came to Seoul. Now she {b}.",
        ["prison camp years", "life as a nurse", "a childhood in Chongjin"],
        ["works in a bank", "runs a noodle shop", "teaches at a university"],
    ),
    (
        "Rason zone to welcome {a}",
        "The zone near the Russian border hopes for guests. A train from Vladivostok may run twice a week. {b}",
        ["tourists again", "investors from China", "a Russian film crew"],
        ["Hotel staff learn Russian.", "Bookings are few."],
    ),
    (
        "Satellite images: {a} at Yongbyon",
        "Vehicles and workers were seen at the site, analysts said. North Korea may be {b}.",
        ["activity", "new roof", "steam"],
        ["enriching uranium", "building a hall", "testing a reactor"],
    ),
    (
        "North Korea's {a} team in {b}",
        "The players arrived by train. Coaches praised their spirit. Visas were issued late.",
        ["football", "table tennis", "weightlifting"],
        ["Vladivostok", "Beijing", "Tashkent"],
    ),
    (
        "Russia ships {a} to North Korea",
        "Tankers left Vostochny port in breach of the UN cap, researchers say. The sanctions committee cannot agree. {b}",
        ["oil", "flour", "air defence parts"],
        ["Moscow denies it.", "Panel members regret the end of their mandate."],
    ),
    (
        "Kaesong: {a}",
        "North Korean workers once sewed shirts for companies of the South there. {b}",
        ["factories run without owners", "liaison office ruins cleared", "power lines cut"],
        ["Seoul protested.", "Owners demand compensation."],
    ),
]
_KO = [
    (
        "김정은, {a} 현지지도",
        "노동자들을 격려하고 {b}을 지시했다고 조선중앙통신이 보도했다.",
        ["비료공장", "방직공장", "조선소", "온실농장"],
        ["증산", "현대화", "조기 준공"],
    ),
    (
        "북한 {a} 시장 쌀값 급등",
        "소식통은 공장 노동자 한 달 임금으로 쌀 1kg을 산다고 말했다. 중국산 {b} 수입이 줄었다.",
        ["혜산", "신의주", "청진"],
        ["비료", "콩기름", "휘발유"],
    ),
    (
        "北, {a} 농촌동원 총동원령",
        "공장 노동자와 학생이 모내기에 나갔다. 빠지면 {b}.",
        ["전국", "함경북도", "평안남도"],
        ["비판을 받는다", "벌금을 낸다"],
    ),
    (
        "최선희, {a} 외무상과 회담",
        "북러 조약 이행과 교류를 논의했다. 대표단 40명이 {b}를 찾았다.",
        ["러시아", "중국", "베트남"],
        ["원산", "모스크바", "평양"],
    ),
    (
        "북한군 {a}",
        "쿠르스크 전선에 파병된 병사들이 {b}. 국정원은 사상자가 늘었다고 밝혔다.",
        ["포로 송환 논의", "2차 파병 정황", "전사자 추모"],
        ["드론 공격을 받았다", "훈련을 받고 있다"],
    ),
    (
        "국경 {a}서 탈북 시도 주민 체포",
        "보위부가 손전화를 압수하고 가족을 조사했다. {b}",
        ["혜산", "무산", "회령"],
        ["교화소로 보내졌다고 한다.", "중국에서 강제북송된 주민도 있다."],
    ),
    (
        "北 해커, {a} 탈취",
        "라자루스가 배후로 지목됐다. {b}은 핵 개발에 쓰인다고 했다.",
        ["가상자산 4천억원", "방산기술", "개인정보"],
        ["FBI", "국정원", "유엔"],
    ),
    (
        "{a} 새 거리 준공",
        "돌격대와 군인 건설자들이 90일 만에 끝냈다. 북한 매체는 {b} 선전했다.",
        ["평양", "세포", "온포"],
        ["충성심을", "속도전을"],
    ),
    (
        "북중 무역 {a}",
        "단둥을 거쳐 가발과 비료가 오갔다. {b}",
        ["5월 급증", "가을 주춤", "2019년 수준 회복"],
        ["화물열차가 매일 다닌다.", "중국 상인들은 기대가 크다."],
    ),
    (
        "탈북민 {a}",
        "하나원을 나와 식당에서 일하며 대학을 마쳤다. {b}",
        ["첫 국회의원 도전", "취업률 상승", "창업 지원 확대"],
        ["정착금이 오른다.", "월급은 평균보다 낮다."],
    ),
    (
        "영변서 {a} 포착",
        "위성사진에 차량과 인력이 보였다. 북한이 {b} 가능성이 있다.",
        ["새 건물", "증기", "공사"],
        ["우라늄을 농축할", "원자로를 시험할"],
    ),
    (
        "러, 북한에 {a} 제공",
        "유엔 제재 위반이라는 지적이 나온다. {b}",
        ["정제유", "밀가루", "방공 부품"],
        ["러시아는 부인했다.", "전문가패널은 활동을 끝냈다."],
    ),
    (
        "북한 {a} 대표팀, {b} 도착",
        "감독은 정신력을 강조했다. 비자가 늦게 나왔다.",
        ["여자축구", "탁구", "역도"],
        ["블라디보스토크", "베이징"],
    ),
    (
        "개성공단 {a}",
        "북측 근로자들이 떠난 공장이 무단 가동되고 있다. {b}",
        ["무단 가동 계속", "지원재단 해산"],
        ["기업들은 보상을 요구한다.", "통일부는 유감을 표했다."],
    ),
    (
        "원산갈마 관광지구 {a}",
        "러시아 관광객이 블라디보스토크에서 왔다. 봉사원 {b}.",
        ["개장", "첫 손님", "여름 특수"],
        ["수백 명이 일한다", "러시아어를 배운다"],
    ),
    (
        "북한 노동당 {a} 개최",
        "노동계급의 역할을 강조했다. {b}",
        ["전원회의", "대회", "정치국 회의"],
        ["경제 5개년 계획이 의제다.", "간부 인사가 있었다."],
    ),
]
_JA = [
    (
        "金正恩氏、{a}を視察",
        "労働者を激励し{b}を指示したと朝鮮中央通信が伝えた。",
        ["肥料工場", "紡織工場", "造船所", "温室農場"],
        ["増産", "近代化", "早期完工"],
    ),
    (
        "北朝鮮、{a}でコメ価格上昇",
        "工場労働者の月給でコメ1キロしか買えないと消息筋は話す。中国からの{b}が減った。",
        ["恵山", "新義州", "清津"],
        ["肥料", "食用油", "燃料"],
    ),
    (
        "北朝鮮兵、{a}",
        "クルスクに派遣された兵士は{b}。韓国の国家情報院が推計を示した。",
        ["捕虜が証言", "追加派兵か", "追悼碑を建設"],
        ["無人機の攻撃を受けた", "沿海地方で訓練した"],
    ),
    (
        "{a}外相、崔善姫氏と会談",
        "ロシアと北朝鮮の条約の履行や交流を話し合った。代表団は{b}を訪れた。",
        ["ラブロフ", "王毅", "ベトナム"],
        ["元山", "平壌", "モスクワ"],
    ),
    (
        "国境の{a}で取り締まり強化",
        "保衛部が携帯電話を没収し、中国へ逃げようとした住民を拘束した。{b}",
        ["恵山", "茂山", "会寧"],
        ["教化所に送られた。", "家族も監視される。"],
    ),
    (
        "北朝鮮ハッカー、{a}窃取",
        "ラザルスの犯行とみられる。資金はミサイル開発に回ると{b}は指摘する。",
        ["暗号資産", "防衛情報", "銀行の認証情報"],
        ["FBI", "警察庁", "国連"],
    ),
    (
        "平壌に{a}完成",
        "突撃隊と軍の建設者が90日で仕上げた。北朝鮮メディアは{b}と伝えた。",
        ["新しい街", "病院", "工場"],
        ["忠誠の成果", "速度戦の勝利"],
    ),
    (
        "中朝貿易、{a}",
        "丹東を通じてかつらや肥料が行き交う。{b}",
        ["5月に急増", "秋に鈍化", "2019年水準に"],
        ["貨物列車は毎日走る。", "商人は期待する。"],
    ),
    (
        "脱北女性、{a}",
        "2008年に北朝鮮を出て中国、ラオスを経て韓国へ。今は{b}。",
        ["本を出版", "食堂を開業", "大学で教える"],
        ["銀行で働く", "日本でも講演する"],
    ),
    (
        "ロシア、北朝鮮に{a}供給",
        "国連制裁に違反すると専門家は言う。{b}",
        ["石油", "小麦粉", "防空部品"],
        ["ロシアは否定した。", "制裁委員会は割れている。"],
    ),
    (
        "北朝鮮{a}代表、{b}に到着",
        "監督は精神力を強調した。ビザの発給が遅れた。",
        ["女子サッカー", "卓球"],
        ["ウラジオストク", "北京"],
    ),
    (
        "元山葛麻の観光地区、{a}",
        "ロシア人観光客がウラジオストクから訪れた。従業員は{b}。",
        ["開業", "初の客"],
        ["ロシア語を学ぶ", "数百人いる"],
    ),
    (
        "北朝鮮、{a}に住民動員",
        "工場労働者や学生が田植えに出た。欠席者は{b}。",
        ["農村支援", "水害復旧", "住宅建設"],
        ["批判される", "罰金を払う"],
    ),
    (
        "徴用工問題、{a}",
        "朝鮮人労働者の遺族は日本企業に賠償を求めている。{b}",
        ["財団が支払い", "追悼式に韓国側欠席"],
        ["佐渡の展示も争点だ。", "政府は遺憾とした。"],
    ),
]
_ZH = [
    (
        "金正恩视察{a}",
        "他勉励工人并要求{b}，朝中社报道。",
        ["化肥厂", "纺织厂", "造船厂", "温室农场"],
        ["增产", "现代化", "提前竣工"],
    ),
    (
        "朝鲜{a}市场粮价上涨",
        "消息人士说，工厂工人一个月工资只能买一公斤米。从中国进口的{b}减少。",
        ["惠山", "新义州", "清津"],
        ["化肥", "食用油", "汽油"],
    ),
    (
        "朝鲜士兵在俄{a}",
        "被派往库尔斯克的士兵{b}。韩国国情院估计伤亡增加。",
        ["被俘", "再次增兵", "阵亡者受悼念"],
        ["遭无人机攻击", "在滨海边疆区受训"],
    ),
    (
        "{a}与崔善姬会谈",
        "双方谈到俄朝条约和经贸合作，代表团访问{b}。",
        ["拉夫罗夫", "王毅", "越南外长"],
        ["元山", "平壤", "莫斯科"],
    ),
    (
        "朝鲜黑客盗走{a}",
        "拉撒路被指为主谋，{b}称资金用于导弹。",
        ["加密货币", "国防机密", "银行资料"],
        ["联邦调查局", "首尔警方", "联合国"],
    ),
    (
        "平壤{a}竣工",
        "突击队和军人建设者九十天完工，朝鲜媒体称{b}。",
        ["新街", "医院", "地方工厂"],
        ["忠诚的结晶", "速度战的胜利"],
    ),
    (
        "中朝贸易{a}",
        "经丹东进出口假发和化肥，{b}",
        ["五月大增", "秋季放缓", "恢复到2019年水平"],
        ["货运列车每日往返。", "中国工人维修大桥。"],
    ),
    (
        "脱北者{a}",
        "她2008年离开朝鲜，经中国、老挝到首尔，现在{b}。",
        ["出书", "开面馆", "当教师"],
        ["在银行工作", "在大学任教"],
    ),
    (
        "俄罗斯向朝鲜供应{a}",
        "专家说违反联合国制裁，{b}",
        ["石油", "面粉", "防空部件"],
        ["莫斯科否认。", "制裁委员会意见分歧。"],
    ),
    ("朝鲜{a}队抵达{b}", "教练强调精神力量，签证发得晚。", ["女足", "乒乓球"], ["海参崴", "北京"]),
    (
        "元山葛麻景区{a}",
        "俄罗斯游客从海参崴来，服务员{b}。",
        ["开业", "迎首批客人"],
        ["学俄语", "有数百人"],
    ),
    (
        "朝鲜动员{a}支援农村",
        "工厂工人和学生插秧，缺席者{b}。",
        ["全国", "咸镜北道"],
        ["挨批评", "要罚款"],
    ),
    (
        "朝鲜战争{a}",
        "抗美援朝老兵回忆长津湖。{b}",
        ["纪念馆开放", "遗骸归国"],
        ["仪式在沈阳举行。", "工人修缮陵园。"],
    ),
    (
        "开城工业园区{a}",
        "朝鲜工人曾在那里为韩国企业缝衬衫。{b}",
        ["被拆", "擅自开工"],
        ["首尔抗议。", "企业要求赔偿。"],
    ),
]
_RU = [
    (
        "Ким Чен Ын посетил {a}",
        "Вождь похвалил рабочих и потребовал {b}, сообщило ЦТАК.",
        ["завод удобрений", "ткацкую фабрику", "верфь в Нампхо", "тепличную ферму"],
        ["увеличить выпуск", "закончить стройку к празднику"],
    ),
    (
        "В КНДР подорожал {a}",
        "Зарплаты рабочего хватает на килограмм, сообщил источник в {b}. Поставки из Китая сократились.",
        ["рис", "бензин", "хлеб"],
        ["Хесане", "Синыйджу", "Чхонджине"],
    ),
    (
        "Северокорейские солдаты {a}",
        "Бойцы готовились в Приморье, а потом попали под Курск. {b}",
        ["попали в плен", "вернулись с фронта", "прошли на параде"],
        ["Сеул говорит о тысячах раненых.", "Москва благодарит."],
    ),
    (
        "{a} встретился с Цой Сон Хи",
        "Стороны обсудили договор России и КНДР, торговлю и науку. Делегация посетила {b}.",
        ["Лавров", "Ван И", "Посол Вьетнама"],
        ["Вонсан", "Пхеньян", "Москву"],
    ),
    (
        "Хакеры КНДР похитили {a}",
        "Группа Lazarus отмыла деньги через Китай. {b}",
        ["криптовалюту", "секреты верфи", "данные банков"],
        ["Средства идут на ракеты.", "Биржа обратилась в полицию."],
    ),
    (
        "В Пхеньяне открыли {a}",
        "Солдаты-строители и ударные бригады сдали объект за девяносто дней. {b}",
        ["улицу на 10 тысяч квартир", "больницу", "аквапарк"],
        ["КНДР сообщает о верности партии.", "Ким Чен Ын перерезал ленту."],
    ),
    (
        "Торговля КНДР и Китая {a}",
        "Через Даньдун везут парики и семена. {b}",
        ["выросла", "замедлилась", "вернулась к уровню 2019 года"],
        ["Поезда ходят ежедневно.", "Китайские рабочие чинят мост."],
    ),
    (
        "Россия поставляет в КНДР {a}",
        "Эксперты говорят о нарушении резолюции Совбеза. {b}",
        ["нефть", "муку", "зенитные комплексы"],
        ["Москва это отрицает.", "Комитет ООН не принял решения."],
    ),
    (
        "Сборная КНДР по {a} прилетела в {b}",
        "Визы выдали поздно. Тренер доволен.",
        ["футболу", "настольному теннису"],
        ["Владивосток", "Москву"],
    ),
    (
        "Туристы из Приморья увидели {a}",
        "Гид из Пхеньяна показал {b}. Поезд из Владивостока пойдёт дважды в неделю.",
        ["Вонсан", "Масикрён", "Расон"],
        ["пляж", "завод", "школу"],
    ),
    (
        "Беглянка из КНДР {a}",
        "Она ушла через Китай и Лаос в 2008 году. {b}",
        ["издала книгу", "открыла столовую", "стала учителем"],
        ["Сейчас работает в банке.", "Паспорт получила в Сеуле."],
    ),
    (
        "В КНДР мобилизуют {a}",
        "Рабочих и студентов отправили на посадку риса, сообщил источник. {b}",
        ["горожан", "служащих", "студентов"],
        ["Прогульщиков критикуют.", "Еду берут с собой."],
    ),
    (
        "Мост через Туманную: {a}",
        "Переход соединит Хасан с Северной Кореей. Рабочие ставят опоры. {b}",
        ["половина готова", "движение откроют летом"],
        ["Подрядчик из Приморья спешит.", "Смета выросла."],
    ),
    (
        "Кэсон: {a}",
        "Северокорейские рабочие шили там рубашки для южных компаний. {b}",
        ["цеха работают без хозяев", "снесён офис связи"],
        ["Сеул протестует.", "Владельцы ждут денег."],
    ),
]


def items() -> list[dict[str, str]]:
    """Return every filling of every template as {lang, title, text}; more than 500, no two alike."""
    found = []
    for lang, templates in (("en", _EN), ("ko", _KO), ("ja", _JA), ("zh", _ZH), ("ru", _RU)):
        for title, text, firsts, seconds in (*templates, *TEMPLATES[lang]):
            for a, b in product(firsts, seconds):
                found.append(
                    {"lang": lang, "title": title.format(a=a, b=b), "text": text.format(a=a, b=b)}
                )
    return found

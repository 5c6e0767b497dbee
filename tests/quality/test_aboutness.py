"""Aboutness: a passing mention is no subject, a subject that comes late is one.

Long reports of ours are put together from paragraphs on other matters; one sentence, or several
paragraphs, speak of the workers.
"""

# ruff: noqa: E501  (one paragraph, one line)

from __future__ import annotations

import pytest
from rulebooks import shipped

from monitor.core.scoring import score
from monitor.core.values import Band, ScoreInput

OTHER_MATTERS = {
    "en": (
        "Lavrov and Choe talk treaty in Wonsan",
        [
            "Russia's foreign minister spent two days at the coast as a guest of North Korea. He praised the troops that had fought near Kursk and laid a wreath at a monument.",
            "The treaty that both sides signed in 2024 obliges them to help each other in war. Diplomats in Seoul see it as the closest bond since the Soviet years.",
            "Trade is small. Last year it reached 34 million dollars, mostly flour, oil and spare parts. A bridge over the Tumen is to open next summer.",
            "In Washington a spokesman said that the talks worried allies. Japan asked for a meeting of the Security Council, but nobody expects a text.",
            "State media showed the guests on a yacht. A choir sang, children waved flags, and the minister spoke of a warm welcome.",
            "Economists doubt that much will come of the plans for an industrial zone. Power is short, roads are bad, and investors remember the losses of the nineties.",
            "The next round is planned for Moscow in autumn. Both sides want to speak of health, sport and science.",
        ],
    ),
    "ko": (
        "라브로프·최선희 원산 회담",
        [
            "러시아 외무장관이 원산에서 최선희 외무상과 만나 조약 이행을 논의했다. 쿠르스크에서 싸운 군인들에게 감사를 전했다.",
            "두 나라는 지난해 조약을 맺고 유사시 서로 돕기로 했다. 서울의 외교관들은 소련 시절 이후 가장 가까운 관계라고 본다.",
            "교역은 크지 않다. 작년 3400만 달러였고 밀가루와 기름, 부품이 대부분이다. 두만강 다리는 내년 여름 열린다.",
            "워싱턴은 우려를 나타냈다. 일본은 안보리 회의를 요청했지만 결과는 기대하기 어렵다.",
            "북한 매체는 요트에 오른 손님들을 보여 주었다. 합창단이 노래하고 아이들이 깃발을 흔들었다.",
            "다음 회담은 가을 모스크바에서 열린다. 보건과 체육, 과학을 논의한다.",
        ],
    ),
    "ru": (
        "Лавров и Цой Сон Хи обсудили договор в Вонсане",
        [
            "Министр провёл два дня на побережье в гостях у КНДР. Он поблагодарил военных, воевавших под Курском, и возложил венок к памятнику.",
            "Договор 2024 года обязывает стороны помогать друг другу. Дипломаты в Сеуле видят в нём самый тесный союз со времён СССР.",
            "Торговля невелика: 34 миллиона долларов, главным образом мука, нефть и запчасти. Мост через Туманную откроют летом.",
            "В Вашингтоне выразили тревогу. Япония попросила созвать Совет Безопасности, но резолюции никто не ждёт.",
            "Телевидение показало гостей на яхте. Пел хор, дети махали флагами.",
            "Следующая встреча пройдёт осенью в Москве. Обсудят спорт, медицину и науку.",
        ],
    ),
}
MENTIONS = {
    "en": [
        "The resolution also bars states from giving work permits to North Koreans.",
        "Seoul believes that some 15,000 North Korean workers are in Russia.",
        "Up to 100,000 workers whom North Korea sent to China and Russia earn foreign currency for the state in violation of sanctions.",
        "In the nineties North Korean loggers felled trees near Tynda.",
    ],
    "ko": [
        "결의는 북한 노동자 고용도 금지한다.",
        "국정원은 러시아에 북한 노동자 1만5천 명이 있다고 본다.",
    ],
    "ru": [
        "Резолюция запрещает и нанимать рабочих из КНДР.",
        "По данным Сеула, в России около 15 тысяч северокорейских рабочих.",
    ],
}
SUBJECT = {
    "en": [
        "On the edge of Vladivostok four hundred North Korean workers plaster a housing estate. Their minders keep the passports.",
        "A builder who fled last winter says that he worked sixteen hours a day. Of his wages he saw a tenth; the rest went to Pyongyang.",
        "UN sanctions ordered all workers home by December 2019. Now they come on student visas, a foreman says, and never see a classroom.",
    ],
    "ko": [
        "블라디보스토크 외곽에서 북한 노동자 400명이 아파트 미장 일을 한다. 여권은 보위지도원이 갖고 있다.",
        "지난겨울 탈출한 건설 노동자는 하루 16시간 일했다고 말한다. 임금의 9할은 북한 당국이 가져갔다.",
        "유엔 제재로 북한 노동자는 2019년 말까지 돌아가야 했다. 이제는 학생 비자로 러시아에 들어온다.",
    ],
    "ru": [
        "На окраине Владивостока четыреста северокорейских рабочих штукатурят дома. Паспорта лежат у кураторов.",
        "Строитель, сбежавший зимой, говорит, что работал по шестнадцать часов. Зарплату рабочих из КНДР забирает государство.",
        "По резолюции Совбеза рабочие из Северной Кореи должны были уехать до конца 2019 года. Теперь они едут в Россию по учебным визам.",
    ],
}


def report(language: str, extra: list[str], at: int) -> ScoreInput:
    """Return the report on other matters with paragraphs put in at a place."""
    title, paragraphs = OTHER_MATTERS[language]
    return ScoreInput(title=title, text="\n\n".join([*paragraphs[:at], *extra, *paragraphs[at:]]))


@pytest.mark.parametrize(
    ("language", "mention", "at"),
    [
        (language, mention, at)
        for language, mentions in MENTIONS.items()
        for mention in mentions
        for at in (3, 5)
    ],
)
def test_one_sentence_in_a_long_report_is_no_subject(language: str, mention: str, at: int) -> None:
    """A report on a visit that mentions the workers once stays out of digests, but is queued."""
    assert score(report(language, [mention], at), shipped()).decision is Band.QUEUE


@pytest.mark.parametrize("language", OTHER_MATTERS)
def test_the_report_without_the_mention_is_no_subject(language: str) -> None:
    """The other matters alone are no digest."""
    assert score(report(language, [], 0), shipped()).decision.rank < Band.DIGEST.rank


@pytest.mark.parametrize("language", SUBJECT)
def test_a_subject_that_comes_late_is_told(language: str) -> None:
    """Three paragraphs on the workers make a digest item, though neither title nor lead has them."""
    assert (
        score(report(language, SUBJECT[language], 3), shipped()).decision.rank >= Band.DIGEST.rank
    )


@pytest.mark.parametrize("language", SUBJECT)
def test_a_subject_from_the_start_is_alerted(language: str) -> None:
    """The same paragraphs in the lead are an alert."""
    assert score(report(language, SUBJECT[language], 0), shipped()).decision is Band.ALERT

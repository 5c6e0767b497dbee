"""Which passwords are refused, and in which form a password is compared. Pure.

Length counts, and not being among the ones that everybody tries first; there are no rules about
capitals and digits, which make passwords worse (NIST SP 800-63B, section 3.1.1.2). Nobody outside
is asked: that would tell them about our people.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum

SHORTEST = 12  # characters
LONGEST = 200  # characters: more are no safer, and hashing them could be used to tire us out
DIFFERENT = 5  # characters that must differ: "121212121212" is as bad as "1"


class Weakness(StrEnum):
    """Why a password is refused."""

    SHORT = "short"
    LONG = "long"
    COMMON = "common"


# Of long enough passwords, those that lead the lists of leaked ones (the longest of the 20,000 most
# common that Royce Williams published and Django ships), and what this program suggests to a mind.
COMMON = frozenset(
    """
    010203040506 102030405060 112233445566 123123123123 123321123321 123456123456 123456654321
    1234567890-= 12345678900987654321 12345678901234567890 1234567890987654321 1234567890qwertyuiop
    123456789012 1234567890123 12345678901234 123456789012345 1234567890123456 123456789101112
    123456789123 1234567891234567 123456789123456 123456789123456789 1234567891011 1234567891234
    123456789987654321 12345678987654321 123456789000 123456789abc 123456789asd 123456789qaz
    123456789qwe 123456789qwerty 123456qwerty 123admin321a 123qwe123qwe 123qweasdzxc 123qweasd123
    159753159753 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1q2w3e4r5t6y7u8i 1q2w3e4r5t6y7u8i9o
    1q2w3e4r5t6y7u8i9o0p 1qaz2wsx3edc 1qaz2wsx3edc4rfv 1qazxsw23edc 520love101182 abc123456789
    abcd12345678 abcdefg12345 abcdefghijkl abcdefghijklm administrator administrator1 admin1234567
    admin12345678 adminadminadmin asdfghjkl123 asdfghjkl1234 asdfghjkl;'\\ changeme1234 changemenow1
    changemeplease changepassword christopher1 cookiemonster correcthorsebatterystaple counterstrike
    dispatchwatch dispatchwatch1 dispatchwatch123 dispatch-watch dispatchwatch! finalfantasy
    footballfootball gfhjkmgfhjkm ghbdtnrfrltkf hannahmontana iloveyou1234 iloveyouforever
    iloveyousomuch ilovemyfamily ingodwetrust internazionale international jamesbond007 jesuslovesme
    justinbieber leavemealone letmein12345 letmeinletmein letmeinplease liverpool123 lovelovelove
    manchesterunited michaeljackson minecraft123 monitormonitor motherfucker northkorea123
    northkorea2026 northkorean1 onedirection p@ssw0rd1234 p@ssword1234 pass12345678 passw0rd1234
    password1234 password12345 password123456 password1234567 password12345678 password123456789
    password2024! password2025! password2026! passwordpassword peanutbutter playstation2
    playstation3 professional q1w2e3r4t5y6 q1w2e3r4t5y6u7i8o9p0 qazwsxedc123 qazwsxedcrfv
    qazwsxedcrfvtgb qazxswedcvfr qwe123qwe123 qweasdzxc123 qwerasdfzxcv qwerty123456
    qwerty1234567 qwerty123456789 qwertyasdfgh qwertyqwerty qwertyuiop[] qwertyuiop12
    qwertyuiop123 qwertyuiop1234 qwertyuiopasdfghjkl qwertyuiopasdfghjklzxcvbnm qwertyytrewq
    residentevil secretsecret sonyericsson startrekstartrek starwarsfan10 stratocaster summer2024!!
    summer2025!! summer2026!! supernatural superman1234 supersecret1 telechargement temppassword
    testtesttest test12345678 thisismypassword transformers trustno1trustno1 welcome12345
    welcome123456 welcome2025! welcome2026! winter2025!! winter2026!! zaq1xsw2cde3 zaq12wsxcde3
    zxcvbnm12345 zxcvbnm123456 zxcvbnmasdfgh
    йцукенйцукен йцукенгшщзхъ парольпароль пароль123456 приветпривет привет123456 любовьлюбовь
    비밀번호비밀번호비밀번호 비밀번호12345678 대한민국대한민국대한민국
    """.split()  # noqa: SIM905  (a list of 150 quoted words would be read by nobody)
)


def comparable(password: str) -> str:
    """Return the form that is hashed: keyboards write one letter in several ways (한, é)."""
    return unicodedata.normalize("NFKC", password)


def weakness(password: str, *, name: str = "") -> Weakness | None:
    """Return why a password is refused; None when it may be used.

    `name` is the person's: their own name, repeated or not, is the first guess of whoever knows it.

    >>> weakness("longhorns"), weakness("correct horse of ours"), weakness("QWERTYqwerty")
    (<Weakness.SHORT: 'short'>, None, <Weakness.COMMON: 'common'>)
    """
    if len(password) > LONGEST:
        return Weakness.LONG
    password = comparable(password)
    if len(password) < SHORTEST:
        return Weakness.SHORT
    bare = password.casefold().strip()
    without_name = bare.replace(name.casefold(), "") if name else bare
    if bare in COMMON or len(set(bare)) < DIFFERENT or len(without_name) < SHORTEST // 2:
        return Weakness.COMMON
    return None

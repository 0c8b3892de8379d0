"""The block that people sign, and what a signature does not mean."""

from agent.provisioning.model import Text
from agent.report.html import Markup, beside, tag

FIELDS = (
    Text("name", "姓名"),
    Text("office", "单位及职务"),
    Text("remarks", "意见"),
    Text("signature", "签名"),
    Text("date", "日期"),
)
WHO = (Text("inspector", "检查人"), Text("for the school", "学校负责人"))


def signatures() -> Markup:
    """Room for two people to write in."""
    return tag("div", [_block(who) for who in WHO], class_="signatures")


def _block(who: Text) -> Markup:
    lines = [tag("p", tag("span", beside(field)), class_="line") for field in FIELDS]
    return tag("article", tag("h4", beside(who)), lines)

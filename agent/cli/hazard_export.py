"""The hazard ledger as a table for offices (CSV that Excel opens as it is) and as JSON for programs."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agent.cli.words import moment

Hazard = Mapping[str, Any]
BOM = "\ufeff"  # without it Excel takes UTF-8 for the system's code page
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # a cell that begins so is reckoned out

# Both languages in every head: the file goes on to people who do not know who made it.
COLUMNS: Mapping[str, Callable[[Hazard], Any]] = {
    "编号 / ID": lambda h: h["id"],
    "状态 / status": lambda h: h["status"],
    "超期 / overdue": lambda h: "是 / yes" if h["overdue"] else "",
    "隐患等级 / grade": lambda h: h["grade"],
    "风险颜色 / colour": lambda h: h["colour"],
    "类别 / category": lambda h: h["category"],
    "隐患内容 / what (zh)": lambda h: h["text"]["zh"],
    "what (en)": lambda h: h["text"]["en"],
    "部位 / place": lambda h: h["place"],
    "位置 / location": lambda h: h["location"],
    "设备 / device": lambda h: h["device"],
    "来源 / source": lambda h: h["source"],
    "发现时间 / found at": lambda h: when(h["found"]),
    "发现人 / found by": lambda h: h["found_by"],
    "依据 / clause": lambda h: h["clause"],
    "依据标记 / mark": lambda h: h["mark"],
    "责任岗位 / role": lambda h: h["role"],
    "责任人 / responsible": lambda h: h["person"],
    "督办人 / supervisor": lambda h: h["supervisor"],
    "整改措施 / measure": lambda h: h["measure"],
    "资金 / funds": lambda h: h["funds"],
    "应急预案 / contingency": lambda h: h["contingency"],
    "整改方式 / rectify": lambda h: h["deadline"]["sort"],
    "整改期限 / deadline": lambda h: moment(h["deadline"]["at"]),
    "重开次数 / reopened": lambda h: h["reopened"],
    "复查人 / closed by": lambda h: h["closed"]["by"] if h["closed"] else "",
    "销号时间 / closed at": lambda h: when(h["closed"]["at"]) if h["closed"] else "",
    "佐证 / evidence": lambda h: "; ".join(f"{one['sort']}: {one['ref']}" for one in h["evidence"]),
}


def as_csv(hazards: Sequence[Hazard]) -> str:
    """One row a hazard, CRLF as RFC 4180 has it; no cell is a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for hazard in hazards:
        writer.writerow([harmless(str(cell(hazard))) for cell in COLUMNS.values()])
    return BOM + text.getvalue()


def as_json(hazards: Sequence[Hazard]) -> str:
    """As the platform gets them."""
    return json.dumps(list(hazards), ensure_ascii=False, indent=1) + "\n"


def harmless(cell: str) -> str:
    """What a spreadsheet would carry out is shown instead: somebody typed it, maybe at the platform."""
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) else cell


def when(at: Mapping[str, Any]) -> str:
    """With a question mark where the clock was not right."""
    return moment(at["at"]) + ("" if at["clock"] == "synchronised" else " ?")

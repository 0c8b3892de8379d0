"""The style of all pages: calm on a screen, A4 on paper, narrow on a telephone. System fonts only."""

STYLE = """
*{box-sizing:border-box}
html{color-scheme:light;-webkit-text-size-adjust:100%}
body{margin:0;background:#eef1f4;color:#18212b;font:15px/1.55 system-ui,-apple-system,"Segoe UI",
"PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC","Source Han Sans SC","WenQuanYi Micro Hei",
sans-serif;overflow-wrap:anywhere}
main{max-width:1040px;margin:0 auto;background:#fff;padding:40px 44px 48px}
h1,h2,h3,h4,p,dl,dd,ul{margin:0}
ul{padding:0;list-style:none}
svg{display:inline-block;vertical-align:middle;flex:none;max-width:100%;height:auto;overflow:visible}
.defs{position:absolute}
.en{color:#55606e;font-weight:400}
.both .zh,.both .en{display:block}
.both .en{font-size:.84em;line-height:1.4}
.beside .en{font-size:.88em}
.quiet{color:#55606e;font-size:.86em}
code{font:.86em ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;color:#42505f}
header{border-bottom:3px solid #1c3a5e;padding-bottom:18px}
header .kicker{color:#1c3a5e;font-weight:600;letter-spacing:.04em}
h1{font-size:30px;line-height:1.25;font-weight:650;color:#10243c;margin:4px 0 14px}
h1 .both .en{font-size:.56em;margin-top:2px}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(210px,1fr));gap:10px 28px}
dl>div:last-child:nth-child(odd){grid-column:1/-1}
dt{font-size:.8em;color:#55606e}
dd{font-weight:500;line-height:1.4}
dd .en,dd .quiet{font-size:.86em}
h2{font-size:20px;line-height:1.3;color:#10243c;margin:40px 0 14px;padding-bottom:6px;
border-bottom:1px solid #c9d1d9}
h2 .en{font-size:.76em;margin-left:4px}
h3.indicator{display:flex;flex-wrap:wrap;align-items:center;gap:4px 10px;font-size:16.5px;margin:26px 0 8px}
h3.indicator>.verdict{margin-left:auto;font-size:.9em}
h4{font-size:14.5px;font-weight:600}
.warning{border:2px solid #a3221b;border-radius:6px;padding:10px 14px;margin:16px 0 0;font-weight:600}
.rings{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:14px}
.packname{margin:0 0 12px;break-after:avoid}
.packname+.rings{margin-bottom:22px}
.packname .source{display:block}
.ring{display:flex;flex-direction:column;align-items:center;
border:1px solid #d8dee4;border-radius:10px;padding:18px 12px 14px;text-align:center;
background:#fbfcfd}
.ring h3{font-size:14.5px;line-height:1.35;margin:12px 0 8px}
.ring p{font-size:.86em;line-height:1.45}
.ring .verdict{font-size:1em;margin-top:auto}
.ring .beside .en{display:block}
.ring .verdict .beside .en{display:inline}
.donut{fill:none}
.donut .track{stroke:#d5dbe1;stroke-width:4}
.donut .track.unknown{stroke:#7a5200;stroke-dasharray:1.5 2.5}
.donut .track.not_met{stroke:#c4a09d}
.donut text.share{font-size:27px;font-weight:650;fill:#10243c;font-variant-numeric:tabular-nums}
.mark{fill:none;stroke:#fff;stroke-width:2.6;stroke-linecap:round;stroke-linejoin:round}
.sign.s20{width:20px;height:20px}.sign.s22{width:22px;height:22px}.sign.s16{width:16px;height:16px}
.verdict{font-weight:600}
.verdict.met,.verdict.met .en{color:#17694f}
.verdict.not_met,.verdict.not_met .en{color:#a3221b}
.verdict.unknown,.verdict.unknown .en{color:#7a5200}
table{width:100%;border-collapse:collapse;font-size:13.5px;line-height:1.45}
th{text-align:left;vertical-align:bottom;font-weight:600;font-size:12.5px;color:#42505f;
border-bottom:1.5px solid #8a97a5;padding:6px 8px}
th .en{color:#55606e}
td{vertical-align:top;border-bottom:1px solid #dde3e8;padding:9px 8px}
td:first-child,th:first-child{padding-left:2px}
.items{table-layout:fixed}
.items th:nth-child(1){width:78px}.items th:nth-child(2){width:29%}
.items th:nth-child(4){width:112px}.items th:nth-child(5){width:64px}
.items td:first-child .sign{margin-bottom:3px}
.count{font-variant-numeric:tabular-nums;font-weight:600}
.clause{font-size:.88em;color:#42505f;margin-top:4px}
.source{color:#1c3a5e}
.force .zh{border:1px solid #8a97a5;border-radius:3px;padding:0 4px}
.missing{margin-top:7px;padding:6px 10px;border-left:4px solid #a3221b;background:#fbf3f2}
.missing .en{color:#4d5763}
.missing p+p{margin-top:3px}
.missing .fix{margin-top:5px;padding-top:5px;border-top:1px solid #ecd5d3}
.map{columns:3 240px;column-gap:14px}
.place{break-inside:avoid;border:1px solid #d8dee4;border-radius:8px;padding:10px 12px;margin:0 0 14px;
background:#fbfcfd}
.place h4{border-bottom:1px solid #dde3e8;padding-bottom:5px;margin-bottom:8px}
.place.empty{border-style:dashed;background:none}
.place.empty li{font-size:.84em;padding:1px 0}
.stands{display:flex;gap:10px;padding:5px 0}
.stands p{line-height:1.4}
.stands .name{font-weight:500}
.device{width:34px;height:34px;margin-top:2px}
.device .frame{fill:#fff;stroke:#17694f;stroke-width:1.6}
.device .drawn{fill:none;stroke:#18212b;stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}
.device.active .frame{fill:#a3221b;stroke:#a3221b}.device.active .drawn{stroke:#fff}
.device.lost .frame{stroke:#18212b;stroke-dasharray:4 3}
.device.lost .through{stroke-width:2.2}
.device.unheard .frame{stroke:#7a5200;stroke-dasharray:1 3.2;stroke-linecap:round;stroke-width:2}
.device.aside .frame{stroke:#55606e;stroke-width:2}
.state{font-size:.86em;font-weight:600}
.state>span+span::before{content:"· "}
.state.good>span:first-child,.state.good>span:first-child .en{color:#17694f}
.state.active,.state.active .en{color:#a3221b}
.state.unheard>span:first-child,.state.unheard>span:first-child .en{color:#7a5200}
.month{margin-top:18px}
.month h4{display:flex;gap:8px;align-items:center;margin-bottom:6px}
.wide{overflow-x:auto}
.wide svg{min-width:560px}
.strip{width:100%}
.label{font-size:10.5px;fill:#42505f}
.grid{fill:none;stroke:#c9d1d9;stroke-width:.6}
.open{stroke:#b3bdc7;stroke-width:.7}
path.open:not([fill]){fill:none}
.key{display:flex;flex-wrap:wrap;gap:2px 18px;font-size:.88em}
.key li{display:flex;gap:7px;align-items:center}
.swatch{width:16px;height:12px}
.doubt,.late{color:#a3221b}.late .en,.doubt .en{color:#a3221b}
.late{display:block}
.risk{display:flex;gap:6px;align-items:center}
.shape{stroke:#18212b;stroke-width:.8}
.ledger th:nth-child(1){width:92px}.ledger th:nth-child(2){width:31%}.ledger th:nth-child(4){width:104px}
.declared{table-layout:fixed}.declared th:nth-child(1){width:52%}.declared th:nth-child(4){width:104px}
.nothing{padding:10px 14px;background:#f4f6f8;border-radius:6px}
.doubts li{padding:6px 0 6px 22px;border-bottom:1px solid #dde3e8;position:relative;font-size:13.5px}
.legend{break-after:avoid}
.failed li::before{content:"✗";color:#a3221b}
.doubts:not(.failed) li::before{content:"?";color:#7a5200}
.doubts li::before{position:absolute;left:4px;font-weight:700}
.matrix text{font-size:12px;fill:#18212b}
.matrix text.state{font-size:11px;font-weight:600}
.matrix text.quiet{font-size:11px;fill:#55606e}
.matrix .cell{fill:#fff;stroke:#c9d1d9;stroke-width:.8}
.matrix .cell.live{fill:#fbe9e7}
.matrix .cell.doubt{fill:url(#doubt)}
.matrix .dot{fill:#18212b}
.matrix .halo{fill:#fff}
.matrix .hollow{fill:#fff;stroke:#18212b;stroke-width:1.6}
.legend{margin-top:8px;font-size:.86em}
.figures{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:14px}
.figure{border:1px solid #d8dee4;border-radius:10px;padding:14px 16px;background:#fbfcfd}
.figure b{display:block;font-size:30px;line-height:1.2;font-weight:650;color:#10243c;
font-variant-numeric:tabular-nums}
.figure.bad{border-color:#a3221b}.figure.bad b{color:#a3221b}
.bar{fill:#4b7fb5}.bar.none{fill:#fff;stroke:#a3221b;stroke-dasharray:3 2}
.signatures{display:grid;grid-template-columns:1fr 1fr;gap:24px}
.signatures article{border:1px solid #8a97a5;border-radius:6px;padding:14px 18px 18px}
.line{border-bottom:1px solid #8a97a5;padding:16px 0 3px;font-size:.88em}
footer{margin-top:36px;padding-top:12px;border-top:1px solid #c9d1d9;font-size:.82em;color:#55606e}
@media screen and (max-width:720px){
main{padding:22px 16px 32px}
h1{font-size:24px}
.rings,.figures{grid-template-columns:repeat(2,minmax(0,1fr));gap:10px}
.signatures{grid-template-columns:1fr}
thead{display:none}
table,tbody,tr,td{display:block;width:100%}
tr{border-bottom:1.5px solid #8a97a5;padding:8px 0}
td{border:0;padding:3px 0}
td::before{content:attr(data-label);display:block;font-size:.8em;color:#55606e}
}
@page{size:A4;margin:19mm 14mm 17mm}
@media print{
body{background:#fff;font-size:10pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}
main{max-width:none;padding:0}
h1{font-size:21pt}h2{font-size:13.5pt;margin-top:20pt}h3.indicator{font-size:11pt}
table{font-size:8.8pt}th{font-size:8.2pt}
h2,h3,h4{break-after:avoid}
.sheet{break-before:page}
thead{display:table-header-group}
tr,.ring,.month,.stands,.missing,.figure,.signatures,.keep{break-inside:avoid}
.items tr:has(.missing p:nth-child(6)){break-inside:auto}
.map{columns:3;column-gap:10px}
.wide{overflow:visible}.wide svg{min-width:0}
.ring{padding:9px 8px}.ring h3{margin:7px 0 5px;font-size:10pt}.ring p{font-size:8pt;line-height:1.35}
.rings{gap:10px;margin-bottom:12px}.donut{width:92px}header{padding-bottom:10px}
.packname{margin-bottom:8px;font-size:9pt}
dl{grid-template-columns:repeat(4,1fr)}
h3.indicator{break-inside:avoid}
h3.indicator::after{content:"";flex-basis:100%;height:120px;margin-bottom:-120px}
p{orphans:2;widows:2}
}
"""

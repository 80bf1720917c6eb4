/** The style sheet of a report, for light and dark. */
import { scaleLinear } from 'd3-scale';
import { SERIES } from './curve.ts';
import { SHADES } from './heat-map.ts';

/** Colours that people can tell apart who are blind to red or green (Okabe and Ito), made darker or lighter for contrast. */
const series = {
  light: ['#0060a8', '#b34a00', '#00785a', '#8c3a77', '#6b5900', '#3d3d3d'],
  dark: ['#6cb8f0', '#f0a050', '#3fcfa0', '#e09ac8', '#d8c84a', '#c8c8c8'],
};

/** The backgrounds of heat maps, from the worst to the best. Text on all of them has a contrast of at least 7. */
const shade = {
  light: scaleLinear([0, SHADES - 1], ['#ffffff', '#8fc7ee']),
  dark: scaleLinear([0, SHADES - 1], ['#1b1f25', '#14507f']),
};

export function styleSheet(): string {
  const theme = (name: 'light' | 'dark') =>
    [
      ...series[name].slice(0, SERIES).map((colour, i) => `--series-${i}:${colour}`),
      ...Array.from({ length: SHADES }, (_, i) => `--shade-${i}:${shade[name](i)}`),
    ].join(';');
  const classes = [
    ...Array.from({ length: SERIES }, (_, i) => `.series-${i}{--own:var(--series-${i})}`),
    ...Array.from({ length: SHADES }, (_, i) => `.shade-${i}{background:var(--shade-${i})}`),
  ];
  return `:root{color-scheme:light dark;${theme('light')};${LIGHT}}
@media(prefers-color-scheme:dark){:root{${theme('dark')};${DARK}}}
${BASE}
${classes.join('\n')}
`;
}

const LIGHT =
  '--ground:#fbfbfa;--raised:#ffffff;--text:#1b1d21;--faint:#565b63;--rule:#d9dbdf;--mark:#0060a8;--good:#00634a;--bad:#a02c00';
const DARK =
  '--ground:#14171b;--raised:#1b1f25;--text:#e7e8ea;--faint:#a7adb6;--rule:#383e47;--mark:#6cb8f0;--good:#4fd3a6;--bad:#ff9d72';

const BASE = `*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:78rem;margin:0 auto;padding:1rem 1.25rem 4rem}
h1{font-size:1.75rem;line-height:1.2;margin:1.2rem 0 .4rem}
h2{font-size:1.3rem;margin:2.6rem 0 .5rem;padding-top:.6rem;border-top:1px solid var(--rule)}
h3{font-size:1rem;margin:0 0 .5rem;overflow-wrap:anywhere}
p{max-width:46rem;margin:.5rem 0}
a{color:var(--mark)}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;padding:0;margin:.8rem 0;list-style:none}
code{font:.875em ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}
.note,small,.unit{color:var(--faint);font-weight:400}
.note{font-size:.875rem}
.lead{font-size:1.05rem}
.warning{border-left:4px solid var(--bad);padding:.3rem .8rem;background:var(--raised)}
.spoken{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.scroll{overflow-x:auto;margin:0 0 1.2rem;position:relative}
.caption{font-weight:600;margin:1rem 0 .2rem}
.scroll:focus-visible,summary:focus-visible,select:focus-visible,a:focus-visible{outline:2px solid var(--mark);outline-offset:2px}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:.2rem 0 .4rem}
.numbers th,.numbers td{padding:.35rem .55rem;border-bottom:1px solid var(--rule);text-align:right;vertical-align:top;white-space:nowrap}
.numbers th[scope=row],.numbers thead th:first-child{text-align:left;white-space:normal;min-width:7.5rem;position:sticky;left:0;background:var(--ground);z-index:1}
.numbers thead th{border-bottom:2px solid var(--rule);font-size:.9rem}
.numbers tbody th{font-weight:500}
.numbers small{display:block;font-size:.75rem}
.bound th,.bound td{color:var(--faint)}
.best{font-weight:700}
.numbers td.best{background:var(--shade-3)}
.numbers .group{padding-top:.9rem;color:var(--faint);font-size:.85rem;text-align:left;position:static}
.numbers .group span{position:sticky;left:.55rem}
.wins{color:var(--good)}
.loses{color:var(--bad)}
.none{color:var(--faint)}
.maps{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,20rem),1fr));gap:1.2rem 1.8rem;margin:1rem 0}
.heat{width:100%;table-layout:fixed}
.heat caption{line-height:1.3}
.heat th{font-weight:500;font-size:.85rem;padding:.25rem;color:var(--faint)}
.heat td{padding:.55rem .2rem;text-align:center;border:2px solid var(--ground);font-size:.95rem}
.heat thead td{width:4rem}
.heat tbody th{text-align:right;padding-right:.5rem;white-space:nowrap}
.heat .best,.heat .unclear{outline:2px solid var(--mark);outline-offset:-3px}
.heat .unclear{outline-style:dashed;outline-width:1.5px}
.chart{margin:1rem 0;max-width:46rem}
.chart>svg{width:100%;height:auto;display:block;overflow:visible}
.chart text{fill:var(--text);font-size:13px}
.chart .tick{fill:var(--faint)}
.chart .axis{font-weight:600}
.chart .point{font-size:12px;stroke:var(--ground);stroke-width:3px;paint-order:stroke}
.grid{stroke:var(--rule);stroke-width:1}
.line{fill:none;stroke:var(--own);stroke-width:2}
.interval{stroke:var(--own);stroke-width:1.5;opacity:.55}
.marker{fill:var(--own);stroke:var(--ground);stroke-width:1.5}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding:0;margin:.4rem 0;font-size:.9rem}
.legend li{display:flex;align-items:center;gap:.4rem}
.key{width:16px;height:16px;flex:none}
details{margin:.6rem 0}
summary{cursor:pointer;font-weight:600;padding:.3rem 0}
dl{margin:.5rem 0;max-width:46rem}
dt{font-weight:600;margin-top:.6rem}
dd{margin:0}
.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.2rem 1rem}
.facts dt{font-weight:500;color:var(--faint);margin:0}
.controls{display:flex;flex-wrap:wrap;gap:.6rem 1.2rem;margin:1rem 0;position:sticky;top:0;z-index:1;background:var(--ground);padding:.5rem 0;border-bottom:1px solid var(--rule)}
.controls[hidden]{display:none}
select{font:inherit;color:inherit;background:var(--raised);border:1px solid var(--faint);border-radius:4px;padding:.25rem .4rem}
#samples{--side:76px}
#samples.medium{--side:128px}
#samples.large{--side:256px}
.sample{background:var(--raised);border:1px solid var(--rule);border-radius:8px;padding:.8rem 1rem;margin:0 0 1rem}
.parts{display:flex;gap:.8rem 1.4rem;align-items:flex-start}
.source{display:flex;gap:4px;padding-top:1.45rem}
.sketches{flex:1;min-width:0}
.sketch{display:flex;gap:.8rem 1.4rem;align-items:flex-start}
.sketch+.sketch{margin-top:.7rem}
.strip{display:flex;flex-wrap:wrap;gap:.7rem 1.4rem}
.result{display:grid;grid-template-columns:repeat(3,var(--side));gap:0 4px}
.l{margin:0 0 .15rem;font-size:.85rem;line-height:1.3rem;white-space:nowrap}
.result .l{grid-column:1/-1}
.l small{margin-left:.5rem}
.method{margin:.3rem 0;font-weight:600;font-size:.9rem}
figure{margin:0}
.sample figure{width:var(--side)}
.sample img{display:block;width:var(--side);height:var(--side);image-rendering:auto;border-radius:3px;background:var(--rule)}
.sample figcaption{font-size:.75rem;color:var(--faint)}
[hidden]{display:none!important}
@media(max-width:48rem){.parts{flex-direction:column}.source{padding:0}}
@media(max-width:34rem){.sketch{flex-direction:column}main{padding:.6rem .8rem 3rem}.sample{padding:.6rem .7rem}.controls{position:static}#samples{--side:calc((100vw - 4rem)/3)}#samples.large .result{grid-template-columns:var(--side)}#samples.medium .result{grid-template-columns:repeat(2,var(--side))}.numbers th[scope=row],.numbers thead th:first-child{min-width:6.5rem;max-width:8.5rem;font-size:.85rem}}
@media print{.controls{display:none}.sample{break-inside:avoid}}`;

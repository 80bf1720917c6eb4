/** The script of a report: it orders and filters the samples. It is plain text, as it runs in the page. */
export const pageScript = `'use strict';
const controls = document.getElementById('controls');
const samples = document.getElementById('samples');
const choice = (id) => document.getElementById(id)?.value ?? '';
function show() {
  const sign = choice('order') === 'best' ? -1 : 1;
  const all = [...samples.children].sort((a, b) => sign * (a.dataset.rank - b.dataset.rank));
  samples.append(...all);
  const hole = choice('hole');
  for (const sample of all) sample.hidden = hole !== '' && sample.dataset.hole !== hole;
  const d = choice('sketch');
  for (const sketch of samples.querySelectorAll('.sketch')) sketch.hidden = d !== '' && sketch.dataset.d !== d;
  samples.className = choice('size');
}
if (controls) {
  controls.hidden = false;
  controls.addEventListener('change', show);
  show();
}
`;

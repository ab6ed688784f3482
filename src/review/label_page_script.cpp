#include "review/label_page_parts.hpp"

namespace kith::review {

const char* const kPageScript = R"(
'use strict';
const sheet = JSON.parse(document.getElementById('sheet').textContent);
const el = id => document.getElementById(id);
const store = 'kith:' + sheet.list;
const perPage = 24;
const keys = '1234567890abcdefghijklmpqrtuvwxyz';  // n, o, s have meanings of their own
let state = { at: 0, name: '', answers: {}, notes: {}, past: [] };
let shown = [], group = 0, wrong = new Set();

const now = () => new Date().toISOString();
function keep() {
  try { localStorage.setItem(store, JSON.stringify(state)); }
  catch (error) { warn('This browser keeps nothing for this page: save the file before you close it.'); }
}
function warn(text) { el('warning').textContent = text; el('warning').hidden = !text; }
function say(text) { el('live').textContent = text; }
const done = () => sheet.items.filter(item => item.row in state.answers).length;

function answer(index, label) {
  const row = sheet.items[index].row;
  state.past.push([index, state.answers[row] || null]);
  state.answers[row] = { label: label, time: now() };
}
function choose(label) {
  answer(state.at, label);
  say(label === '' ? 'Not known' : label);
  step(1);
}
function step(by) {
  state.at = Math.min(Math.max(state.at + by, 0), sheet.items.length - 1);
  keep(); draw();
}
function nextOpen() {
  for (let i = 1; i <= sheet.items.length; i++) {
    const index = (state.at + i) % sheet.items.length;
    if (!(sheet.items[index].row in state.answers)) { state.at = index; keep(); draw(); return; }
  }
  say('No item is open'); warn('Every item is done: save the file.');
}
function undo() {
  const last = state.past.pop();
  if (!last) { say('Nothing to undo'); return; }
  const row = sheet.items[last[0]].row;
  if (last[1]) state.answers[row] = last[1]; else delete state.answers[row];
  state.at = last[0];
  keep(); say('Undone'); draw();
}

function content(item, into, small) {
  into.textContent = '';
  if (item.image) {
    const image = document.createElement('img');
    image.src = item.image; image.alt = 'item ' + item.row;
    if (small) { image.style.width = '100%'; }
    into.append(image);
  }
  const text = item.text || (item.image ? '' : 'row ' + item.row);
  into.append(small && text.length > 160 ? text.slice(0, 160) + ' ...' : text);
  if (item.uri && !small) {
    const link = document.createElement('a');
    link.textContent = item.uri;
    if (/^(https?|file):/i.test(item.uri)) { link.href = item.uri; link.target = '_blank'; link.rel = 'noopener noreferrer'; }
    into.append(document.createElement('br'), link);
  }
}
function drawChoices() {
  const wanted = el('filter').value.trim().toLowerCase();
  shown = sheet.classes.filter(name => name.toLowerCase().includes(wanted)).slice(0, 60);
  const given = state.answers[sheet.items[state.at].row];
  el('choices').textContent = '';
  shown.forEach((name, i) => {
    const button = document.createElement('button');
    if (i < keys.length) { const key = document.createElement('kbd'); key.textContent = keys[i].toUpperCase(); button.append(key); }
    button.append(name);
    button.setAttribute('aria-pressed', String(Boolean(given) && given.label === name));
    button.onclick = () => choose(name);
    el('choices').append(button);
  });
}
function drawOne() {
  const item = sheet.items[state.at];
  const given = state.answers[item.row];
  content(item, el('item'), false);
  el('where').textContent = 'Item ' + (state.at + 1) + ' of ' + sheet.items.length;
  el('says').textContent = (item.predicted ? 'Predicted: ' + item.predicted + ', ' + Math.round(100 * item.probability) + ' %' : 'No prediction is shown for this item') +
    (given ? '. You said: ' + (given.label || 'not known') : '');
  el('note').value = state.notes[item.row] || '';
  el('unknown').setAttribute('aria-pressed', String(Boolean(given) && given.label === ''));
  drawChoices();
}
const openOf = name => sheet.items.map((item, index) => index).filter(index =>
  sheet.items[index].predicted === name && !(sheet.items[index].row in state.answers));
function drawGrid() {
  const names = sheet.classes.filter(name => openOf(name).length);
  el('accept').hidden = el('next').hidden = names.length === 0;
  el('grid').textContent = '';
  if (!names.length) { el('group').textContent = 'No open item has a prediction that is shown. The others are labeled one by one.'; return; }
  group = group % names.length;
  const name = names[group], open = openOf(name), page = open.slice(0, perPage);
  el('group').textContent = 'Predicted: ' + name + ', ' + open.length + ' open. Mark what is something else; you label it one by one.';
  page.forEach(index => {
    const tile = document.createElement('button');
    tile.className = 'tile';
    content(sheet.items[index], tile, true);
    tile.setAttribute('aria-pressed', String(wrong.has(index)));
    tile.onclick = () => { wrong.has(index) ? wrong.delete(index) : wrong.add(index); drawGrid(); };
    el('grid').append(tile);
  });
  const right = page.filter(index => !wrong.has(index));
  el('accept').textContent = (wrong.size ? 'The other ' : 'All ') + right.length + ' are ' + name;
  el('accept').onclick = () => {
    right.forEach(index => answer(index, name));
    sheet.items.forEach((item, index) => { if (wrong.has(index)) item.predicted = undefined; });
    wrong.clear(); keep(); say(right.length + ' labeled ' + name); draw();
  };
}
function draw() {
  const isGrid = el('mode').getAttribute('aria-pressed') === 'true';
  el('one').hidden = isGrid; el('many').hidden = !isGrid;
  el('progress').max = sheet.items.length; el('progress').value = done();
  el('place').textContent = (isGrid ? '' : 'Item ' + (state.at + 1) + ' of ' + sheet.items.length + ', ') + done() + ' done';
  el('undo').disabled = state.past.length === 0;
  if (isGrid) drawGrid(); else drawOne();
}

function save() {
  if (!state.name) { warn('Type your name first: answers carry it.'); el('name').focus(); return; }
  const answers = sheet.items.filter(item => item.row in state.answers).map(item => ({
    row: item.row, item_id: item.item_id || '', label: state.answers[item.row].label,
    time: state.answers[item.row].time, note: state.notes[item.row] || '' }));
  const file = { program: 'kith', list: sheet.list, annotator: state.name, answers: answers };
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: 'application/json' }));
  link.download = sheet.list + '-' + state.name.replace(/[^\w-]+/g, '_') + '.json';
  link.click();
  warn(''); say(answers.length + ' answers saved');
}
function load(text) {
  const file = JSON.parse(text);
  if (file.program !== 'kith' || file.list !== sheet.list) { warn('That file is of another list.'); return; }
  if (state.name && file.annotator !== state.name) { warn('That file is of ' + file.annotator + ', not of ' + state.name + '.'); return; }
  const rows = new Set(sheet.items.map(item => item.row));
  const isNew = entry => rows.has(entry.row) && typeof entry.label === 'string' &&
    !(state.answers[entry.row] && state.answers[entry.row].time >= entry.time);
  file.answers.filter(isNew).forEach(entry => {
    state.answers[entry.row] = { label: entry.label, time: entry.time };
    if (entry.note) state.notes[entry.row] = entry.note;
  });
  state.name = state.name || file.annotator; el('name').value = state.name;
  warn(''); keep(); draw();
}

el('name').oninput = () => { state.name = el('name').value.trim(); keep(); };
el('note').oninput = () => { state.notes[sheet.items[state.at].row] = el('note').value; keep(); };
el('filter').oninput = drawChoices;
el('mode').onclick = () => { el('mode').setAttribute('aria-pressed', String(el('mode').getAttribute('aria-pressed') !== 'true')); draw(); };
el('undo').onclick = undo; el('save').onclick = save; el('open').onclick = nextOpen;
el('unknown').onclick = () => choose(''); el('skip').onclick = () => step(1); el('back').onclick = () => step(-1);
el('next').onclick = () => { group++; wrong.clear(); drawGrid(); };
el('load').onchange = async () => { const file = el('load').files[0];
  try { if (file) load(await file.text()); } catch (error) { warn('That file cannot be read.'); } };
document.addEventListener('keydown', event => {
  const typing = /^(INPUT|TEXTAREA)$/.test(event.target.tagName);
  if (typing) {
    if (event.key === 'Escape') event.target.blur();
    if (event.key === 'Enter' && event.target.id === 'filter' && shown.length) { el('filter').value = ''; event.target.blur(); choose(shown[0]); }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const isGrid = el('mode').getAttribute('aria-pressed') === 'true';
  const act = { s: save, Backspace: undo, g: isGrid ? () => el('mode').click() : undefined };
  if (!isGrid) Object.assign(act, { '?': () => choose(''), ArrowRight: () => step(1), ArrowLeft: () => step(-1), o: nextOpen,
    n: () => el('note').focus(), '/': () => el('filter').focus() });
  const place = keys.indexOf(key);
  if (act[key]) { event.preventDefault(); act[key](); }
  else if (!isGrid && place >= 0 && key.length === 1 && place < shown.length) { event.preventDefault(); choose(shown[place]); }
});

try { const before = localStorage.getItem(store); if (before) state = JSON.parse(before); }
catch (error) { warn('This browser keeps nothing for this page: save the file before you close it.'); }
el('find').hidden = sheet.classes.length <= 12;
el('name').value = state.name;
draw();
)";

}  // namespace kith::review

#include "review/label_page_parts.hpp"

namespace kith::review {

const char* const kPageStyle = R"(
:root { color-scheme: light dark; --paper: #ffffff; --ink: #16202b; --soft: #566270; --line: #c3ccd6; --panel: #f4f7fa;
        --mark: #0072b2; --on-mark: #ffffff; --warn: #a84300; --fine: #00694c; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #11161c; --ink: #e8edf2; --soft: #a3afbc; --line: #3b4652; --panel: #1a2129; --mark: #56b4e9;
          --on-mark: #0b1116; --warn: #f08a3c; --fine: #2cc296; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--paper); color: var(--ink);
       font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.3rem; margin: 0 0 .4rem; }
button, input, textarea { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line);
                          border-radius: .4rem; padding: .45rem .7rem; }
button { cursor: pointer; min-height: 2.75rem; text-align: left; }
button:disabled { opacity: .5; cursor: default; }
button.main { background: var(--mark); color: var(--on-mark); border-color: var(--mark); }
.main kbd { color: inherit; border-color: currentColor; }
button[aria-pressed="true"] { outline: 3px solid var(--mark); outline-offset: -1px; }
:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
kbd { font: 600 .8em ui-monospace, monospace; color: var(--soft); border: 1px solid var(--line); border-radius: .25rem;
      padding: 0 .3rem; margin-right: .45rem; }
.bar { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: .5rem 0; }
.bar label { color: var(--soft); } progress { width: 100%; height: .6rem; accent-color: var(--mark); }
#item { border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; min-height: 9rem; overflow-wrap: anywhere;
        white-space: pre-wrap; }
#item img, .tile img { max-width: 100%; image-rendering: auto; background: #ffffff; }
#item img { max-height: 50vh; min-width: min(12rem, 100%); display: block; margin: 0 auto .5rem; }
#place, #says, .quiet { color: var(--soft); margin: .3rem 0; }
#choices { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 13rem), 1fr)); gap: .5rem; margin: .7rem 0; }
#grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .6rem; }
.tile { display: block; width: 100%; height: 100%; min-height: 6rem; vertical-align: top; overflow: hidden; overflow-wrap: anywhere;
        font-size: .9rem; }
.tile[aria-pressed="true"] { outline: 3px solid var(--warn); text-decoration: line-through; }
.warn { color: var(--warn); font-weight: 600; }
[hidden] { display: none !important; }
.reader { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
)";

const char* const kPageBody = R"(<body>
<header>
  <h1>Items to label</h1>
  <progress id="progress" value="0" max="1" aria-label="Items done"></progress>
  <p id="place"></p>
  <div class="bar">
    <label for="name">Your name</label> <input id="name" autocomplete="name" size="14" required>
    <button id="mode" aria-pressed="false">Grid by class</button>
    <button id="undo"><kbd>Backspace</kbd>Undo</button>
    <button id="save" class="main"><kbd>S</kbd>Save file</button>
    <label class="quiet">Go on from a saved file <input id="load" type="file" accept=".json"></label>
  </div>
  <p id="warning" class="warn" role="alert" hidden></p>
</header>
<main id="one">
  <section aria-labelledby="where"><h2 id="where" class="reader">Item</h2>
    <div id="item" tabindex="-1"></div>
    <p id="says"></p>
  </section>
  <div class="bar" id="find" hidden><label for="filter"><kbd>/</kbd>Find a class</label> <input id="filter" autocomplete="off"></div>
  <div id="choices" role="group" aria-label="Classes"></div>
  <div class="bar">
    <button id="unknown"><kbd>?</kbd>I do not know</button>
    <button id="back"><kbd>&larr;</kbd>Back</button>
    <button id="skip"><kbd>&rarr;</kbd>Later</button>
    <button id="open"><kbd>O</kbd>Next open item</button>
  </div>
  <p><label for="note"><kbd>N</kbd>Note</label><br><textarea id="note" rows="2" style="width:100%"></textarea></p>
</main>
<main id="many" hidden>
  <p id="group"></p>
  <div id="grid" role="group" aria-label="Items of one predicted class"></div>
  <div class="bar">
    <button id="accept" class="main"></button>
    <button id="next">Next class</button>
  </div>
</main>
<p id="live" class="reader" aria-live="polite"></p>
)";

}  // namespace kith::review

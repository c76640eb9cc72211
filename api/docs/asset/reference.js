// What the pages do besides being read: filter the navigation, keep the language of the samples, copy code, and mark the
// operation that is being read. Everything is there without it.

const filter = document.getElementById('filter');
const tags = Array.from(document.querySelectorAll('.side .tag'));

if (filter) {
  const result = document.getElementById('filter-result');
  const opened = new Map(tags.map((tag) => [tag, tag.open]));
  const links = tags.map((tag) => Array.from(tag.querySelectorAll('a[data-path]'), (link) => ({
    item: link.parentElement,
    text: [link.textContent, link.dataset.path, link.hash, tag.firstElementChild.textContent].join(' ').toLowerCase(),
  })));

  // Every word that is typed has to be found in the method, the path, the summary, the operationId or the group.
  const narrow = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    tags.forEach((tag, i) => {
      let here = 0;
      for (const { item, text } of links[i]) {
        item.hidden = !words.every((word) => text.includes(word));
        here += item.hidden ? 0 : 1;
      }
      tag.hidden = here === 0;
      tag.open = words.length > 0 ? here > 0 : opened.get(tag);
      found += here;
    });
    document.body.classList.toggle('filtered', words.length > 0);
    result.textContent = words.length > 0 ? `${found} operations` : '';
  };

  filter.closest('.filter').hidden = false;
  filter.addEventListener('input', narrow);
  filter.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') document.querySelector('.side .tag:not([hidden]) li:not([hidden]) a[data-path]')?.click();
  });
  document.addEventListener('keydown', (event) => {
    const typing = event.target.closest('input, textarea, select, [contenteditable]');
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    filter.focus();
  });
}

// A link within the page closes the contents that lie over it in a narrow window.
const side = document.getElementById('side');
side?.addEventListener('click', (event) => {
  if (event.target.closest('a') && side.matches(':popover-open')) side.hidePopover();
});

// The language of one sample is that of all, on the next page too.
const choose = (language) => {
  for (const choice of document.querySelectorAll('.languages input')) choice.checked = choice.value === language;
};
const languages = Array.from(document.querySelectorAll('.languages input'), (choice) => choice.value);
const kept = localStorage.getItem('language');
if (languages.includes(kept)) choose(kept);
document.addEventListener('change', (event) => {
  if (!event.target.matches('.languages input')) return;
  const before = event.target.getBoundingClientRect().top;
  choose(event.target.value);
  localStorage.setItem('language', event.target.value);
  // What stands above may have grown or shrunk; what the reader looks at stays where it is.
  window.scrollBy({ top: event.target.getBoundingClientRect().top - before, behavior: 'instant' });
});

// Code can be copied where the browser allows it.
if (navigator.clipboard) {
  const said = document.createElement('p');
  said.className = 'visually-hidden';
  said.setAttribute('role', 'status');
  document.body.append(said);
  for (const box of document.querySelectorAll('.samples, .example')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = 'Copy';
    button.addEventListener('click', async () => {
      const code = Array.from(box.querySelectorAll('pre')).find((one) => one.checkVisibility());
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = said.textContent = 'Copied';
      } catch {
        // Where the browser refuses, the reader copies by hand what is selected for them.
        getSelection().selectAllChildren(code);
        button.textContent = said.textContent = 'Selected';
      }
      button.addEventListener('blur', () => { button.textContent = 'Copy'; said.textContent = ''; }, { once: true });
    });
    (box.querySelector('figcaption') ?? box.querySelector('.languages')).append(button);
  }
}

// The navigation marks what is being read: the last section that begins above a third of the window.
const sections = Array.from(document.querySelectorAll('section[id]'));
const entries = new Map(Array.from(document.querySelectorAll('.side a'))
  .filter((link) => link.pathname === location.pathname && link.hash)
  .map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
if (entries.size > 0 && sections.length > 0) {
  let marked = null;
  const mark = () => {
    const line = window.innerHeight / 3;
    const now = sections.findLast((section) => section.getBoundingClientRect().top < line && entries.has(section.id));
    const entry = now ? entries.get(now.id) : null;
    if (entry === marked) return;
    marked?.removeAttribute('aria-current');
    entry?.setAttribute('aria-current', 'location');
    if (entry?.checkVisibility() && !side.matches(':popover-open')) entry.scrollIntoView({ block: 'nearest' });
    marked = entry;
  };
  document.addEventListener('scroll', mark, { passive: true });
  mark();
}

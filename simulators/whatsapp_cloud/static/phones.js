"use strict";
const $ = (id) => document.getElementById(id);
let people = [], current = null, shown = "", lastPeople = "";

function el(tag, options = {}, ...children) {
  const node = Object.assign(document.createElement(tag), options);
  node.append(...children);
  return node;
}

async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

async function act(said) {
  if (!current) return;
  await fetch(`/simulator/chat/${encodeURIComponent(current)}/send`, { method: "POST", body: JSON.stringify(said) });
  await refresh();
}

function initials(name) { return name.split(" ").slice(0, 2).map((word) => word[0]).join(""); }

function drawPeople() {
  const wanted = $("search").value.toLowerCase();
  const list = $("list");
  list.replaceChildren();
  let group = "";
  for (const person of people.filter((p) => `${p.name} ${p.label} ${p.phone}`.toLowerCase().includes(wanted))) {
    if (person.group !== group) list.append(el("li", { className: "group", textContent: (group = person.group) }));
    const button = el("button", { onclick: () => choose(person.phone) },
      el("span", { className: "avatar", textContent: initials(person.name) }),
      el("span", {}, person.name, el("small", { textContent: person.last || person.label, dir: "auto" }),
        person.last ? el("small", { textContent: person.label }) : ""));
    if (person.phone === current) button.setAttribute("aria-current", "true");
    if (person.unread && person.phone !== current) button.append(el("span", { className: "unread", textContent: person.unread }));
    list.append(el("li", {}, button));
  }
}

function choose(phone) {
  current = phone;
  shown = "";
  location.hash = phone;
  $("text").disabled = $("send").disabled = false;
  $("sheet").hidden = true;
  drawPeople();
  refresh().then(() => $("text").focus());
}

const MARKS = [[/```([^`]+)```/g, "code"], [/\*([^*\n]+)\*/g, "strong"], [/_([^_\n]+)_/g, "em"], [/~([^~\n]+)~/g, "s"]];
function formatted(text) {
  const holder = el("span", { className: "words", dir: "auto" });
  let parts = [text];
  for (const [pattern, tag] of MARKS) {
    parts = parts.flatMap((part) => {
      if (typeof part !== "string") return [part];
      const out = [];
      let from = 0;
      for (const found of part.matchAll(pattern)) {
        if (tag === "em" && /\w/.test(part[found.index - 1] || " ")) continue;
        out.push(part.slice(from, found.index), el(tag, { textContent: found[1] }));
        from = found.index + found[0].length;
      }
      return [...out, part.slice(from)];
    });
  }
  holder.append(...parts);
  return holder;
}

function media(kind, content, names) {
  const url = `/simulator/media/${content.id}`;
  if (kind === "image" || kind === "sticker") return el("img", { src: url, alt: content.caption || "photo" });
  if (kind === "audio") return el("div", { textContent: "♪ voice note" });
  const name = content.filename || (names[content.id] || [])[1] || "document";
  return el("a", { className: "document", href: url, target: "_blank", rel: "noopener" }, el("b", { textContent: "PDF" }), name);
}

function contentOf(bubble, names) {
  const kind = bubble.body.type, content = bubble.body[kind] || {};
  if (kind === "text") return [formatted(content.body)];
  if (kind === "interactive") {
    const reply = content.button_reply || content.list_reply;
    if (reply) return [formatted(reply.title)];
    return [content.header?.text ? el("strong", { textContent: content.header.text }) : "", formatted(content.body.text),
      content.footer ? el("small", { textContent: content.footer.text }) : ""];
  }
  if (kind === "location") return [el("div", { textContent: `◉ ${content.latitude}, ${content.longitude}` })];
  if (kind === "template") return [formatted(bubble.body.text ? bubble.body.text.body : `[${content.name}]`)];
  if (content.id) return [media(kind, content, names), content.caption ? formatted(content.caption) : ""];
  return [el("em", { textContent: kind })];
}

function ticks(bubble) {
  const read = bubble.status === "read";
  return el("span", { className: read ? "ticks read" : "ticks", textContent: "✓✓", title: read ? "read" : "delivered" });
}

function bubbleNode(bubble, names) {
  const clock = new Date(bubble.at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const time = el("time", {}, bubble.mine ? ticks(bubble) : "", clock);
  return el("div", { className: bubble.mine ? "bubble mine" : "bubble" }, ...contentOf(bubble, names), time);
}

function choicesNode(bubble, last) {
  const content = bubble.body.interactive;
  if (!content || !content.action || bubble.mine) return null;
  const box = el("div", { className: "choices" });
  if (content.type === "button") {
    for (const { reply } of content.action.buttons) {
      box.append(el("button", { textContent: reply.title, dir: "auto", onclick: () => act({ tap: reply.id, title: reply.title, context: bubble.id }) }));
    }
  } else if (content.type === "list") {
    box.append(el("button", { textContent: `☰ ${content.action.button}`, dir: "auto", onclick: () => openSheet(content.action, bubble.id) }));
  }
  return box;
}

function openSheet(action, context) {
  const sheet = $("sheet");
  sheet.replaceChildren(el("h3", { textContent: action.button, dir: "auto" }));
  for (const section of action.sections) {
    if (section.title) sheet.append(el("strong", { textContent: section.title }));
    for (const row of section.rows) {
      sheet.append(el("button", { dir: "auto", onclick: () => { sheet.hidden = true; act({ tap: row.id, title: row.title, kind: "list", context }); } },
        row.title, row.description ? el("small", { textContent: row.description }) : ""));
    }
  }
  sheet.append(el("button", { textContent: "✕", onclick: () => { sheet.hidden = true; } }));
  sheet.hidden = false;
  sheet.querySelector("button").focus();
}

function drawChat(chat) {
  const box = $("chat");
  box.replaceChildren();
  const visible = chat.bubbles.filter((bubble) => bubble.status !== "failed");
  let day = "";
  for (const bubble of visible) {
    const date = new Date(bubble.at * 1000).toLocaleDateString();
    if (date !== day) box.append(el("div", { className: "day", textContent: (day = date) }));
    box.append(bubbleNode(bubble, chat.media), choicesNode(bubble) || "");
  }
  if (!visible.length) box.append(el("p", { className: "hint", textContent: "No messages yet. Try “bill kitna hai”, “net nahi chal raha” or “menu”." }));
  if (chat.typing) box.append(el("div", { className: "typing", textContent: "typing…" }));
  box.scrollTop = box.scrollHeight;
  $("state").textContent = chat.typing ? "typing…" : "Business account";
  drawBusiness(chat);
}

function drawBusiness(chat) {
  const rows = chat.bubbles.filter((bubble) => !bubble.mine).slice(-8).reverse().map((bubble) =>
    el("tr", {}, el("td", { textContent: { sent: "✓", delivered: "✓✓", read: "✓✓ read" }[bubble.status] || bubble.status,
      className: bubble.status === "failed" ? "failed" : "" }),
      el("td", { textContent: bubble.error ? `${bubble.error.code} ${bubble.error.title}` : bubble.body.type })));
  const requests = chat.requests.slice(-2).reverse().map((request) => el("pre", { textContent: JSON.stringify(request.body, null, 1) }));
  $("seen").replaceChildren(
    el("p", { textContent: chat.window_open ? "The 24-hour window is open." : "The 24-hour window is closed: templates only." }),
    el("table", {}, ...rows), el("h2", { textContent: "Last requests" }), ...requests);
}

const TIMED = ["lost", "late", "delay"];

function fillFaults(told) {
  const group = (label, entries) => el("optgroup", { label }, ...entries.map(([value, textContent]) => el("option", { value, textContent })));
  const codes = Object.entries(told.codes);
  $("fault").replaceChildren(
    group("The next message to a person …", Object.entries(told.sends)),
    group("The next webhook …", Object.entries(told.webhooks)),
    group("The next message is refused with …", codes.map(([code, title]) => [code, `${code} ${title}`])),
    group("The next message is accepted and fails later with …", codes.map(([code, title]) => [`later:${code}`, `${code} ${title}`])));
  chooseFault();
}

function chooseFault() { $("seconds").hidden = !TIMED.includes($("fault").value); }

function drawWaiting(told) {
  $("limits").checked = told.limits;
  const orders = [...told.waiting.sends.map((words) => `next message: ${words}`), ...told.waiting.webhooks.map((words) => `next webhook: ${words}`)];
  if (orders.join() !== [...$("waiting").children].map((item) => item.textContent).join()) {
    $("waiting").replaceChildren(...orders.map((textContent) => el("li", { textContent })));
  }
}

async function order(asked) {
  const answer = await fetch("/simulator/faults", { method: "POST", body: JSON.stringify(asked) });
  if (answer.ok) drawWaiting(await answer.json());
}

async function refresh() {
  try {
    people = await get("/simulator/people");
    const now = JSON.stringify(people) + $("search").value + current;
    if (now !== lastPeople) { lastPeople = now; drawPeople(); }
    if (!current) return;
    const open = document.visibilityState === "visible" ? 1 : 0;
    const chat = await get(`/simulator/chat/${encodeURIComponent(current)}?open=${open}`);
    drawWaiting(await get("/simulator/faults"));
    const key = current + chat.version + chat.typing;
    if (key !== shown) { shown = key; drawChat(chat); }
  } catch (fault) {
    $("state").textContent = "the simulator does not answer";
  }
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  act({ text });
});
$("search").addEventListener("input", drawPeople);
$("attach").addEventListener("click", () => current && $("file").click());
$("file").addEventListener("change", () => {
  const file = $("file").files[0];
  if (!file) return;
  const reader = new FileReader();
  reader.onload = () => act({ file: reader.result.split(",")[1], mime: file.type, name: file.name });
  reader.readAsDataURL(file);
  $("file").value = "";
});
$("place").addEventListener("click", () => act({ location: { latitude: 31.5204, longitude: 74.3587 } }));
$("voice").addEventListener("click", () => act({ file: "T2dnUw==", mime: "audio/ogg", name: "voice.ogg" }));
$("fault").addEventListener("change", chooseFault);
$("faults").addEventListener("submit", (event) => {
  event.preventDefault();
  const kind = $("fault").value;
  order({ fault: TIMED.includes(kind) ? `${kind}:${$("seconds").value}` : kind });
});
$("clear").addEventListener("click", () => order({ clear: true }));
$("limits").addEventListener("change", () => order({ limits: $("limits").checked }));
get("/simulator/faults").then((told) => { fillFaults(told); drawWaiting(told); });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") $("sheet").hidden = true; });
if (location.hash.length > 1) choose(decodeURIComponent(location.hash.slice(1)));
refresh();
setInterval(refresh, 700);

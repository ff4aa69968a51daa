"use strict";
// Unpacks what the page carries, draws a chart where one comes near the window, and gives the data as a file or a table.
const unpack = async (id) => {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent.trim()), (sign) => sign.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
};

const kept = new Map();
const dataOf = (experiment) => {
  if (!kept.has(experiment)) kept.set(experiment, unpack(`data-${experiment}`).then(JSON.parse));
  return kept.get(experiment);
};

let library;
const withLibrary = () => (library ??= unpack("chart-library").then((text) => {
  const script = document.createElement("script");
  script.textContent = text;
  document.head.append(script);
}));

// A number from -1 to 1 that spreads the seeds evenly and without order.
const jitter = (seed) => 2 * ((seed * 0.6180339887 + 0.31) % 1) - 1;

const draw = async (plot) => {
  if (plot.dataset.drawn) return;
  plot.dataset.drawn = "soon";
  const [data] = await Promise.all([dataOf(plot.dataset.experiment), withLibrary()]);
  const title = data.panels[plot.dataset.panel];
  const networks = data.rows
    .map((row) => Object.fromEntries(data.columns.map((name, place) => [name, row[place]])))
    .filter((row) => row.panel === title)
    .map((row) => ({ ...row, jitter: jitter(row.seed) }));
  const medians = data.medians.filter((row) => row.panel === title);
  const spec = { ...data.specs[plot.dataset.measure], datasets: { networks, medians } };
  await vegaEmbed(plot, spec, { actions: false, renderer: "svg", ast: false, tooltip: { disableDefaultStyle: true } });
  plot.dataset.drawn = "done";
};

const plots = [...document.querySelectorAll(".plot")];
const near = new IntersectionObserver((found) => {
  for (const one of found) if (one.isIntersecting) { near.unobserve(one.target); draw(one.target); }
}, { rootMargin: "600px" });
plots.forEach((plot) => near.observe(plot));
// For print, all that is left is drawn in quiet moments.
const idle = window.requestIdleCallback ?? ((then) => setTimeout(then, 50));
const rest = async () => {
  const next = plots.find((plot) => !plot.dataset.drawn);
  if (next) { await draw(next); idle(rest); }
};
window.addEventListener("load", () => idle(rest));
window.addEventListener("beforeprint", () => document.querySelectorAll("details.printed").forEach((one) => { one.open = true; }));

const written = (value) => (value === null ? "" : String(value));
const cell = (value) => (/[",\n]/.test(written(value)) ? `"${written(value).replaceAll('"', '""')}"` : written(value));
const heads = (data) => data.columns.map((name) => data.names?.[name] ?? name);

document.querySelectorAll("button[data-csv]").forEach((button) => button.addEventListener("click", async () => {
  const data = await dataOf(button.dataset.csv);
  const text = [heads(data), ...data.rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = `${button.dataset.csv}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}));

document.querySelectorAll("details[data-networks]").forEach((details) => details.addEventListener("toggle", async () => {
  const table = details.querySelector("table");
  if (!details.open || table.rows.length) return;
  const data = await dataOf(details.dataset.networks);
  const head = table.createTHead().insertRow();
  for (const name of heads(data)) {
    const th = document.createElement("th");
    th.scope = "col";
    th.textContent = name;
    head.append(th);
  }
  const body = table.createTBody();
  for (const row of data.rows) {
    const line = body.insertRow();
    for (const value of row) line.insertCell().textContent = written(value);
  }
}));

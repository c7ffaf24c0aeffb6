// The theme keeps its choice on <body>. The interactive figure looks for it on <html>.
const system = matchMedia("(prefers-color-scheme: dark)");

function tellTheme() {
	const { body, documentElement: root } = document;
	const chosen = ["light", "dark"].includes(body.dataset.theme);
	root.dataset.theme = chosen ? body.dataset.theme : system.matches ? "dark" : "light";
}

// What scrolls inside itself can be reached by the keyboard.
function letScroll(entries) {
	for (const { target } of entries) {
		const tooWide = target.scrollWidth > target.clientWidth + 1;
		if (tooWide) target.tabIndex = 0;
		else target.removeAttribute("tabindex");
	}
}

document.addEventListener("DOMContentLoaded", () => {
	tellTheme();
	new MutationObserver(tellTheme).observe(document.body, { attributeFilter: ["data-theme"] });
	system.addEventListener("change", tellTheme);
	const sizes = new ResizeObserver(letScroll);
	for (const wide of document.querySelectorAll("article pre, div.math, .table-wrapper, .numbers")) sizes.observe(wide);
});

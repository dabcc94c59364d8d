/* Light or dark, as chosen in this browser; runs before anything is painted. */
try {
  const chosen = localStorage.getItem("wherein.theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch {
  // A browser that keeps nothing shows what the system is set to.
}

/**
 * Keeps the page as high as what can be seen. iOS draws its keyboard over the page: neither 100dvh nor
 * `interactive-widget` changes there, only the visual viewport does.
 */
export function fitViewport(): void {
  const { visualViewport } = globalThis;
  if (!visualViewport) return;
  const fit = () => {
    if (visualViewport.scale > 1) return;
    const covered = innerHeight - visualViewport.height > 80;
    document.documentElement.style.setProperty("--height", covered ? `${visualViewport.height}px` : "100dvh");
    if (covered) scrollTo(0, 0);
  };
  visualViewport.addEventListener("resize", fit);
}

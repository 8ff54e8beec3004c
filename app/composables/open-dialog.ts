/** Asks for a file, with the system's own dialog. Resolves to its whole path; null when it was cancelled. */
export function askWhichFile(extension: string): Promise<string | null> {
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = extension;
  input.hidden = true;
  document.body.append(input);
  return new Promise((resolve) => {
    const answer = (path: string | null): void => {
      input.remove();
      resolve(path);
    };
    input.addEventListener('change', () => answer(input.value === '' ? null : input.value));
    input.addEventListener('cancel', () => answer(null));
    input.click();
  });
}

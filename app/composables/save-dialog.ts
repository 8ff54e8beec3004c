/** Asks where to save a file, with the system's own dialog. Resolves to the whole path; null when it was cancelled. */
export function askWhereToSave(name: string): Promise<string | null> {
  const input = document.createElement('input');
  input.type = 'file';
  // NW.js: a dialog that saves instead of one that opens.
  input.setAttribute('nwsaveas', name);
  input.accept = name.slice(name.lastIndexOf('.'));
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

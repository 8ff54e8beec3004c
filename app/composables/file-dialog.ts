/** Asks for a file, with the system's own dialog. Resolves to its whole path; null when it was cancelled. */
export const askWhichFile = (extension: string): Promise<string | null> => askFor(extension);

/** Asks where to save a file, with the system's own dialog. Resolves to the whole path; null when it was cancelled. */
export const askWhereToSave = (name: string): Promise<string | null> =>
  // NW.js: a dialog that saves instead of one that opens.
  askFor(name.slice(name.lastIndexOf('.')), (input) => input.setAttribute('nwsaveas', name));

function askFor(extension: string, prepare?: (input: HTMLInputElement) => void): Promise<string | null> {
  const input = document.createElement('input');
  input.type = 'file';
  prepare?.(input);
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

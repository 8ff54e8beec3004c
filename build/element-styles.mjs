import path from 'node:path';

const IMPORT = /import\s*\{([^}]*)\}\s*from\s*['"]element-plus['"]/g;

/** `ElInputNumber` → `input-number`, the folder of its style. */
function folderOf(component) {
  return component
    .slice(2)
    .replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`)
    .toLowerCase();
}

/**
 * Vite plugin: a file that imports a component of Element Plus gets that component's style with it,
 * so that the style sheet holds what is used and no more.
 */
export function elementStyles() {
  return {
    name: 'element-styles',
    transform(code, id) {
      if (!id.includes(`${path.sep}app${path.sep}`) || !code.includes('element-plus')) return null;
      const components = [...code.matchAll(IMPORT)]
        .flatMap(([, names]) => names.split(','))
        .map((name) => name.trim())
        .filter((name) => /^El[A-Z]/.test(name));
      if (components.length === 0) return null;
      const styles = components.map(
        (name) => `import 'element-plus/es/components/${folderOf(name)}/style/css';`,
      );
      return { code: `${styles.join('')}${code}`, map: null };
    },
  };
}

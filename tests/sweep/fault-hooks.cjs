'use strict';
const fs = require('node:fs');
const net = require('node:net');
const { basename } = require('node:path');
const sqlite = require('@photostructure/sqlite');

/** Operations on a path, and whether they write. */
const PATHS = {
  open: (flags) =>
    flags !== undefined && flags !== 'r' && flags !== 0 && (flags & fs.constants.O_CREAT) !== 0,
  access: false,
  lstat: false,
  stat: false,
  readdir: false,
  readFile: false,
  appendFile: true,
  copyFile: true,
  mkdir: true,
  rename: true,
  rm: false,
  unlink: false,
  truncate: true,
  writeFile: true,
};
const HANDLE = {
  read: false,
  readFile: false,
  stat: false,
  sync: true,
  datasync: true,
  truncate: true,
  write: true,
  writev: true,
  writeFile: true,
  appendFile: true,
};

const systemError = (code, syscall, path) =>
  Object.assign(new Error(`${code}: injected, ${syscall}${path === undefined ? '' : ` '${path}'`}`), {
    code,
    errno: -5,
    syscall,
    path,
  });

/** A file's name, the same in every trial. */
const labelOf = (path) =>
  basename(path)
    .replace(/[0-9a-f]{12,}/g, '*')
    .replace(/\d+/g, '0');

const codeOf = (fault) => (fault === 'full' ? 'ENOSPC' : 'EIO');

function replace(object, name, make) {
  const original = object[name];
  Object.defineProperty(object, name, {
    ...Object.getOwnPropertyDescriptor(object, name),
    value: make(original),
    writable: true,
    configurable: true,
  });
}

function hookPaths({ folder, hit, disk }, paths) {
  const concerns = (path) => typeof path === 'string' && path.startsWith(folder);
  for (const [name, writing] of Object.entries(PATHS)) {
    replace(fs.promises, name, (original) => async (path, ...rest) => {
      if (!concerns(path)) return original(path, ...rest);
      const writes =
        typeof writing === 'function' ? writing(rest[0]) || /[wa+]/.test(String(rest[0])) : writing;
      const fault = hit(`file.${name}`, labelOf(path), writes);
      if (fault !== null) throw systemError(codeOf(fault), name, path);
      if (name === 'appendFile' || name === 'writeFile') disk.writing(path);
      if (name === 'rename') disk.renaming(path, rest[0]);
      const result = await original(path, ...rest);
      if (name === 'rm' || name === 'unlink') disk.removed(path);
      if (name === 'open') paths.set(result, path);
      return result;
    });
  }
}

/** A write that fails, or that a death falls into, may have written a part. `given`: what `write` or `writeFile` was. */
function writeHalf(file, [data, from = 0, length, position]) {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  if (Buffer.isBuffer(bytes))
    fs.writeSync(file, bytes, from, Math.floor((length ?? bytes.length) / 2), position);
}

function hookHandles({ hit, disk }, paths, handlePrototype) {
  for (const [name, writes] of Object.entries(HANDLE)) {
    replace(
      handlePrototype,
      name,
      (original) =>
        async function (...rest) {
          const path = paths.get(this);
          if (path === undefined) return original.apply(this, rest);
          if (name === 'truncate') disk.truncating(path, rest[0] ?? 0);
          else if (writes && !/sync/.test(name)) disk.writing(path);
          const tear = () => {
            if (name === 'write') writeHalf(this.fd, rest);
            if (name === 'writeFile') writeHalf(this.fd, [rest[0]]);
          };
          const fault = hit(`handle.${name}`, labelOf(path), writes, tear);
          if (fault !== null) {
            throw systemError(codeOf(fault), name);
          }
          const result = await original.apply(this, rest);
          if (name === 'sync' || name === 'datasync') disk.synced(path);
          return result;
        },
    );
  }
}

/** Callbacks, which streams on a path use, and what is read at once. */
function hookCallbacks({ folder, hit }) {
  const files = new Map();
  replace(fs, 'open', (original) => (path, ...rest) => {
    const done = rest.at(-1);
    if (typeof path !== 'string' || !path.startsWith(folder)) return original(path, ...rest);
    const fault = hit('file.open', labelOf(path), false);
    if (fault !== null) return process.nextTick(done, systemError('EIO', 'open', path));
    return original(path, ...rest.slice(0, -1), (error, file) => {
      if (error === null) files.set(file, path);
      done(error, file);
    });
  });
  replace(fs, 'read', (original) => (file, ...rest) => {
    const path = files.get(file);
    if (path === undefined) return original(file, ...rest);
    const fault = hit('file.read', labelOf(path), false);
    if (fault !== null) return process.nextTick(rest.at(-1), systemError('EIO', 'read'));
    return original(file, ...rest);
  });
  replace(fs, 'close', (original) => (file, ...rest) => {
    files.delete(file);
    return original(file, ...rest);
  });
  replace(fs, 'readFileSync', (original) => (path, ...rest) => {
    if (
      typeof path === 'string' &&
      path.startsWith(folder) &&
      hit('file.readFileSync', basename(path), false) !== null
    )
      throw systemError('EIO', 'read', path);
    return original(path, ...rest);
  });
}

const SQLITE = {
  full: [13, 'database or disk is full', 'SQLITE_FULL'],
  io: [778, 'disk I/O error', 'SQLITE_IOERR'],
  open: [14, 'unable to open database file', 'SQLITE_CANTOPEN'],
};

function sqliteError(fault) {
  const [code, text, name] = SQLITE[fault];
  return Object.assign(new Error(text), {
    code: 'ERR_SQLITE_ERROR',
    errcode: code,
    errstr: text,
    sqliteCode: code & 0xff,
    sqliteExtendedCode: code,
    sqliteCodeName: name,
    sqliteErrorString: text,
  });
}

/** The classes' methods cannot be replaced: those of each database and statement are covered by its own. */
function hookDatabases({ hit, rollsBack }) {
  const fail = (database, fault) => {
    if (database.isTransaction && rollsBack()) sqlite.DatabaseSync.prototype.exec.call(database, 'ROLLBACK');
    throw sqliteError(fault);
  };
  const check = (database, kind, sql) => {
    const fault = hit(`database.${kind}`, sql, WRITES.test(sql));
    if (fault !== null) fail(database, fault);
  };
  const hookStatement = (statement, database, sql) => {
    for (const name of ['run', 'get', 'all', 'iterate']) {
      cover(statement, name, (original) => (...rest) => {
        check(database, name, sql);
        const result = original(...rest);
        return name === 'iterate' ? steps(result, () => check(database, 'step', sql)) : result;
      });
    }
    return statement;
  };
  const construct = (target, given) => {
    if (hit('database.open', basename(given[0]), false) !== null) throw sqliteError('open');
    const database = Reflect.construct(target, given);
    cover(database, 'exec', (original) => (sql) => {
      check(database, 'exec', sql);
      return original(sql);
    });
    cover(database, 'prepare', (original) => (sql, ...rest) => {
      check(database, 'prepare', sql);
      return hookStatement(original(sql, ...rest), database, sql);
    });
    return database;
  };
  const file = require.resolve('@photostructure/sqlite');
  require.cache[file].exports = { ...sqlite, DatabaseSync: new Proxy(sqlite.DatabaseSync, { construct }) };
}

const WRITES = /^\s*(INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER|COMMIT|WITH)/i;

const cover = (object, name, make) =>
  Object.defineProperty(object, name, { value: make(object[name].bind(object)) });

function* steps(rows, before) {
  try {
    for (;;) {
      before();
      const { done, value } = rows.next();
      if (done === true) return;
      yield value;
    }
  } finally {
    rows.return?.();
  }
}

function hookSockets({ hit }) {
  const socket = net.Socket.prototype;
  const isOnNet = (it) => it.remotePort !== undefined || it.connecting;
  const reset = (it, syscall) => {
    const error = systemError('ECONNRESET', syscall);
    it.destroy(error);
    return error;
  };
  const side = (it) => (it.encrypted === true ? 'TLS' : 'plain');
  replace(
    socket,
    'connect',
    (original) =>
      function (...rest) {
        if (hit('socket.connect', '', false) !== null) {
          process.nextTick(() => this.destroy(systemError('ECONNREFUSED', 'connect')));
          return this;
        }
        return original.apply(this, rest);
      },
  );
  for (const name of ['_write', '_writev']) {
    replace(
      socket,
      name,
      (original) =>
        function (...rest) {
          if (isOnNet(this) && hit('socket.write', side(this), false) !== null)
            return rest.at(-1)(reset(this, 'write'));
          return original.apply(this, rest);
        },
    );
  }
  replace(
    socket,
    'push',
    (original) =>
      function (...rest) {
        if (!isOnNet(this) || rest[0] === null || hit('socket.read', side(this), false) === null)
          return original.apply(this, rest);
        reset(this, 'read');
        return false;
      },
  );
  replace(
    net.Server.prototype,
    'listen',
    (original) =>
      function (...rest) {
        if (hit('socket.listen', '', false) === null) return original.apply(this, rest);
        process.nextTick(() => this.emit('error', systemError('EADDRNOTAVAIL', 'listen')));
        return this;
      },
  );
}

function readHooks(options) {
  const paths = new WeakMap();
  hookPaths(options, paths);
  hookCallbacks(options);
  hookDatabases(options);
  hookSockets(options);
  // Handles have their class from the first of them only, which node gives out by no other way.
  const { open } = fs.promises;
  replace(fs.promises, 'open', () => async (...rest) => {
    const handle = await open(...rest);
    hookHandlesOnce(options, paths, Object.getPrototypeOf(handle));
    return handle;
  });
}

const hooked = new WeakSet();
function hookHandlesOnce(options, paths, handlePrototype) {
  if (hooked.has(handlePrototype)) return;
  hooked.add(handlePrototype);
  hookHandles(options, paths, handlePrototype);
}

module.exports = { readHooks };

export function licences(): Promise<{ name: string; version: string; licence: string }[]>;
export function licencesDefine(): Promise<{ __LICENCES__: string }>;

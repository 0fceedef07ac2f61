export { createVault, VaultError, type Vault, type VaultErrorReason } from './vault.ts';
export { createReencryption, type Reencryption } from './reencryption.ts';
export { resealData } from './reseal.ts';
export { mask } from './mask.ts';
export { loadOrCreateSecret, type LoadedSecret } from './secret-file.ts';
export { previousSecretFile, rotateSecret, type RotatedSecret } from './rotate-secret.ts';

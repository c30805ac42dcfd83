export default function LocksPage() { return null; }
